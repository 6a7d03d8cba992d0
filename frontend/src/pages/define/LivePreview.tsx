/** What the server says of a request while it is being written: name, seeds, forecast, and what is wrong. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../account/useViewer";
import type { VariablesOf } from "../../api/graphql";
import { hasBlocker, type Preview } from "../../changes/PreviewTable";
import { isRefusal, type Refusal } from "../../changes/useChange";
import { FindingList, Why } from "../../changes/Why";
import { FactList } from "../../ui/FactList";
import page from "../../ui/page.module.css";
import { Failed, Loading } from "../../ui/States";
import info from "../../ui/ui.module.css";
import { bytes, count, decimal } from "../../units/numbers";
import { NewPreviewQuery } from "./documents";
import { SeedsHeld } from "./SeedsHeld";

type Input = VariablesOf<typeof NewPreviewQuery>["input"];

function isCollision({ code, severity }: Preview["findings"][number]): boolean {
  return code === "seed-overlap" && severity === "BLOCKER";
}

/** Ask for the preview of an input; null asks nothing. */
export function usePreview(input: Input | null) {
  const { may } = useViewer();
  const [{ data, error, fetching }] = useQuery({
    query: NewPreviewQuery,
    variables: { input: input as Input },
    pause: input === null || !may("DEFINE"),
    requestPolicy: "network-only",
  });
  const answer = data?.preview;
  const refusal: Refusal | null = answer && isRefusal(answer) ? answer : null;
  const preview: Preview | null = answer?.__typename === "RequestPreview" ? answer : null;
  const problems: Record<string, string> = {};
  if (refusal?.__typename === "Invalid")
    for (const { field, message } of refusal.problems) problems[field] = message;
  return {
    preview,
    refusal,
    error,
    problems,
    isAsking: fetching,
    // What else blocks keeps a draft from being submitted and not from being saved.
    isBlocked: refusal !== null || preview?.findings.some(isCollision) === true,
  };
}

type Props = ReturnType<typeof usePreview> & {
  isComplete: boolean;
  /** The request that is edited; null for a new one. */
  edited: string | null;
};

export function LivePreview({ preview, refusal, error, isAsking, isBlocked, isComplete, edited }: Props) {
  const { t } = useTranslation();
  const isEdit = edited !== null;
  if (!isComplete) return <p className={info.age}>{t("define.incomplete")}</p>;
  if (error) return <Failed error={error} />;
  if (refusal) return <Why refusal={refusal} error={null} />;
  if (preview === null) return isAsking ? <Loading /> : null;
  // The preview is that of a new request, and calls it by the next free name.
  const named = (words: string) => (isEdit ? words.replaceAll(preview.name, edited) : words);
  const sum = (pick: (step: Preview["steps"][number]) => number | undefined) => {
    const values = preview.steps.map(pick);
    return values.every((one) => one !== undefined) ? values.reduce((all, one) => all + one, 0) : null;
  };
  return (
    <>
      {hasBlocker(preview) && !isEdit && (
        <strong role="alert">{isBlocked ? t("define.blocked") : t("define.draftOnly")}</strong>
      )}
      <FactList
        facts={[
          ...(isEdit
            ? []
            : ([
                [t("request.name"), preview.name],
                [t("request.seeds"), `${count(preview.seedFirst)}–${count(preview.seedLast)}`],
              ] as const)),
          [t("request.jobs"), count(preview.jobs)],
          [t("preview.bytes"), bytes(preview.sizeBytes?.expected)],
          [t("task.coreHours"), decimal(sum((step) => step.forecast.coreHours?.expected) ?? null, 0)],
          [t("preview.days"), decimal(sum((step) => step.forecast.days?.expected) ?? null)],
        ]}
      />
      <FindingList findings={preview.findings.map((one) => ({ ...one, message: named(one.message) }))} />
      <ul className={page.plain}>
        {preview.steps.map(({ kind, taskName, problem, outputs }) => (
          <li key={kind}>
            {kind}: {named(taskName ?? problem ?? "")}
            {!isEdit && outputs.map((did) => <div key={did}>{did}</div>)}
          </li>
        ))}
      </ul>
      <SeedsHeld physicsKey={preview.physicsKey} wanted={preview} isEdit={isEdit} />
    </>
  );
}
