/** What was expected of a step, processed and registered, the part that is there, and the seeds that are not. */
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import ui from "../../ui/ui.module.css";
import { count, percent } from "../../units/numbers";
import { seedsOf } from "../../units/seeds";
import type { Request } from "./RequestPage";

/** More are named by the ranges alone. */
const SHOWN_SEEDS = 40;

export function Complete({ of, step }: { of: Request["completeness"]; step: string }) {
  const { t } = useTranslation();
  const rows = (["expected", "processed", "registered"] as const).map((name) => ({ name, ...of[name] }));
  return (
    <>
      <p className={page.line}>
        <strong>
          {t("request.complete")}: {percent(of.fraction)}
        </strong>
        {of.fraction !== null && (
          <progress max={1} value={of.fraction} aria-label={`${step} ${t("request.complete")}`} />
        )}
        {of.reason && <span className={ui.age}>{of.reason}</span>}
      </p>
      <SmallTable
        caption={`${step}: ${t("request.amounts")}`}
        isTitled
        rows={rows}
        keyOf={(row) => row.name}
        columns={[
          { id: "name", head: "", cell: (row) => t(`request.${row.name}`) },
          { id: "files", head: t("dataset.files"), numeric: true, cell: (row) => count(row.files) },
          { id: "events", head: t("request.events"), numeric: true, cell: (row) => count(row.events) },
        ]}
      />
      {of.missingSeeds && <Losses ranges={of.missingSeeds} />}
    </>
  );
}

/** Seeds without output, each by itself while they are few. */
export function Losses({ ranges }: { ranges: string }) {
  const { t } = useTranslation();
  const { seeds, total } = seedsOf(ranges, SHOWN_SEEDS);
  return (
    <div className={page.notice}>
      {t("request.missingSeeds")} ({count(total)}):{" "}
      {total <= SHOWN_SEEDS ? (
        <ul className={page.chips} aria-label={t("request.missingSeeds")}>
          {seeds.map((seed) => (
            <li key={seed}>
              <code>{seed}</code>
            </li>
          ))}
        </ul>
      ) : (
        <code>{ranges}</code>
      )}
    </div>
  );
}
