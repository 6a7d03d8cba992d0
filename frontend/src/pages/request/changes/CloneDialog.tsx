/** More productions like this one: names, seeds and bytes of each are shown before anything is made. */
import { Button, Group, NumberInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../../account/useViewer";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { PreviewTable } from "../../../changes/PreviewTable";
import { isRefusal, useChange } from "../../../changes/useChange";
import { Why } from "../../../changes/Why";
import { paths } from "../../../paths";
import css from "../../../ui/page.module.css";
import { Failed, Loading } from "../../../ui/States";
import { bytes, decimal } from "../../../units/numbers";
import { CloneMutation, ClonePreviewQuery } from "./documents";
import { SubmitDialog } from "./SubmitDialog";

const MOST = 50;

export function CloneDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [times, setTimes] = useState(1);
  const [asked] = useDebouncedValue(times, 200);
  const [{ data, error, fetching }] = useQuery({
    query: ClonePreviewQuery,
    variables: { name, times: asked },
    pause: !may("DEFINE"),
    requestPolicy: "network-only",
  });
  const [clones, setClones] = useState<string[] | null>(null);
  const [isSubmitting, setSubmitting] = useState(false);
  const { send, ...change } = useChange(CloneMutation, (made) =>
    setClones(made.requests.map((one) => one.name)),
  );
  if (isSubmitting && clones !== null) return <SubmitDialog names={clones} onClose={onClose} />;
  const preview = data?.preview;
  const isShown = preview?.__typename === "ClonePreview" && asked === times && !fetching;
  return (
    <ChangeDialog
      title={t("clone.title", { name })}
      size="xl"
      needs="DEFINE"
      confirm={t("clone.do", { count: times })}
      isReady={isShown}
      onConfirm={() => {
        if (preview?.__typename === "ClonePreview")
          void send({ name, times, expectedVersion: preview.sourceVersion });
      }}
      onClose={onClose}
      made={
        clones === null ? undefined : (
          <div role="status">
            <p>{t("clone.made", { count: clones.length })}</p>
            <ul className={css.plain}>
              {clones.map((one) => (
                <li key={one}>
                  <Link to={paths.request(one)}>{one}</Link>
                </li>
              ))}
            </ul>
            {may("SUBMIT") && (
              <Button mt="sm" onClick={() => setSubmitting(true)}>
                {t("clone.submit", { count: clones.length })}
              </Button>
            )}
          </div>
        )
      }
      {...change}
    >
      <Group mb="sm" align="end">
        <NumberInput
          w={110}
          label={t("clone.times")}
          min={1}
          max={MOST}
          allowDecimal={false}
          clampBehavior="strict"
          value={times}
          onChange={(value) => setTimes(Math.max(1, Number(value) || 1))}
          data-autofocus
        />
        {preview?.__typename === "ClonePreview" && (
          <span role="status">
            {t("preview.sum", {
              bytes: bytes(preview.sizeBytes?.expected),
              hours: decimal(preview.coreHours?.expected, 0),
              days: decimal(preview.days?.expected),
            })}
          </span>
        )}
      </Group>
      {error && <Failed error={error} />}
      {preview === undefined ? (
        !error && <Loading />
      ) : isRefusal(preview) ? (
        <Why refusal={preview} error={null} />
      ) : (
        <>
          <PreviewTable label={t("clone.table")} previews={preview.clones} />
          <details>
            <summary>{t("clone.fields")}</summary>
            <Fields fields={preview.fields} />
            <p>
              {t("clone.never")}: {preview.neverInherited.join(", ")}
            </p>
          </details>
        </>
      )}
    </ChangeDialog>
  );
}

interface Field {
  field: string;
  inherited: "KEPT" | "ANEW" | "NEVER";
  source: string | null;
  clone: string | null;
}

function Fields({ fields }: { fields: readonly Field[] }) {
  const { t } = useTranslation();
  return (
    <div className={css.wide}>
      <table className={css.small}>
        <thead>
          <tr>
            <th scope="col">{t("change.field")}</th>
            <th scope="col">{t("clone.source")}</th>
            <th scope="col">{t("clone.clone")}</th>
            <th scope="col">{t("clone.inherited")}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ field, source, clone, inherited }) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>{source}</td>
              <td>{clone}</td>
              <td>{t(`clone.${inherited}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
