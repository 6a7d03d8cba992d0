/** Giving datasets that no request claims to a step of one; in Rucio nothing changes. */
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type Adopted, AdoptFields, isWhole, trimmed } from "../../../changes/AdoptFields";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { useChange } from "../../../changes/useChange";
import css from "../../../ui/page.module.css";
import { AdoptDatasetsMutation } from "./documents";

interface Props {
  dids: readonly string[];
  onMade: () => void;
  onClose: () => void;
}

/** The step that all of their names speak of; empty where they speak of several or of none. */
export function kindOf(dids: readonly string[]): string {
  const kinds = new Set(dids.map((did) => /\.PROD\d{4}-\d+\.([A-Z]+)\./.exec(did)?.[1] ?? ""));
  return kinds.size === 1 ? [...kinds].join("") : "";
}

export function AdoptDatasetsDialog({ dids, onMade, onClose }: Props) {
  const { t } = useTranslation();
  const [adopted, setAdopted] = useState<Adopted>({ request: "", kind: kindOf(dids), reason: "" });
  const { send, ...change } = useChange(AdoptDatasetsMutation, onMade);
  return (
    <ChangeDialog
      title={t("adopt.datasets", { count: dids.length })}
      needs="ACKNOWLEDGE"
      confirm={t("adopt.datasets", { count: dids.length })}
      isReady={isWhole(adopted)}
      onConfirm={() => void send({ dids: [...dids], ...trimmed(adopted) })}
      onClose={onClose}
      {...change}
    >
      <p>{t("adopt.datasetsMean")}</p>
      <ul className={css.plain}>
        {dids.map((did) => (
          <li key={did} className={css.long}>
            {did}
          </li>
        ))}
      </ul>
      <AdoptFields value={adopted} onChange={setAdopted} />
    </ChangeDialog>
  );
}
