/** What was to be expected of each step, from other productions of the same physics, beside what came of it. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../../api/graphql";
import { SmallTable } from "../../../ui/SmallTable";
import { Failed, Loading } from "../../../ui/States";
import { Status } from "../../../ui/Status";
import ui from "../../../ui/ui.module.css";
import { bytes, decimal, UNKNOWN } from "../../../units/numbers";
import { type Expected, isWithin, outcomeOf, type StepOutcome } from "./compare";
import { OutcomeQuery } from "./documents";

type Answer = ResultOf<typeof OutcomeQuery>;
type Preview = Extract<Answer["preview"], { __typename: "RequestPreview" }>;

interface Line {
  key: string;
  kind: string;
  what: "output" | "coreHours" | "days";
  expected: Expected | null;
  came: number | null;
  isOver: boolean;
  from: number;
}

function linesOf({ kind, forecast }: Preview["steps"][number], { isOver, ...came }: StepOutcome): Line[] {
  const amounts = [
    ["output", forecast.sizeBytes, came.bytes],
    ["coreHours", forecast.coreHours, came.coreHours],
    ["days", forecast.days, came.days],
  ] as const;
  return amounts.map(([what, expected, amount]) => ({
    key: `${kind} ${what}`,
    kind,
    what,
    expected,
    came: amount,
    isOver,
    from: forecast.taskIds.length,
  }));
}

export function Outcome({ name }: { name: string }) {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: OutcomeQuery, variables: { name } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.preview.__typename !== "RequestPreview") return <p className={ui.text}>{data.preview.message}</p>;
  const made = data.request.__typename === "Request" ? data.request.steps : [];
  const lines = data.preview.steps.flatMap((step) => {
    const attempts = made.find(({ kind }) => kind === step.kind)?.attempts ?? [];
    return linesOf(step, outcomeOf(attempts.flatMap(({ task }) => task ?? [])));
  });
  return (
    <section aria-label={t("outcome.title")}>
      <h2>{t("outcome.title")}</h2>
      <p className={ui.age}>{t("outcome.about")}</p>
      <SmallTable
        caption={t("outcome.title")}
        isTitled
        file={`${name}-outcome`}
        rows={lines}
        keyOf={({ key }) => key}
        columns={[
          { id: "step", head: t("outcome.step"), cell: ({ kind }) => kind, text: ({ kind }) => kind },
          {
            id: "what",
            head: t("outcome.what"),
            cell: ({ what }) => t(`outcome.${what}`),
            text: ({ what }) => what,
          },
          {
            id: "expected",
            head: t("outcome.expected"),
            numeric: true,
            cell: ({ what, expected, from }) => (
              <span title={t("outcome.from", { count: from })}>
                {expected === null
                  ? UNKNOWN
                  : `${shown(what, expected.expected)} (${shown(what, expected.lowest)}–${shown(what, expected.highest)})`}
              </span>
            ),
            text: ({ expected }) => expected?.expected ?? null,
          },
          {
            id: "came",
            head: t("outcome.came"),
            numeric: true,
            cell: ({ what, came }) => shown(what, came),
            text: ({ came }) => came,
          },
          {
            id: "verdict",
            head: t("outcome.verdict"),
            cell: (line) => <Verdict line={line} />,
          },
        ]}
      />
    </section>
  );
}

function shown(what: Line["what"], amount: number | null): string {
  return what === "output" ? bytes(amount) : decimal(amount, 1);
}

function Verdict({ line }: { line: Line }) {
  const { t } = useTranslation();
  if (!line.isOver) return <span className={ui.age}>{t("outcome.notOver")}</span>;
  const within = isWithin(line.came, line.expected);
  if (within === null) return UNKNOWN;
  return <Status word={t(within ? "outcome.within" : "outcome.outside")} tone={within ? "good" : "plain"} />;
}
