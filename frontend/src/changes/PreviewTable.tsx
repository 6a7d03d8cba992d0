/** What requests would become: names, seeds, jobs and bytes, a line each, and what the checks say of them. */
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../api/graphql";
import css from "../ui/page.module.css";
import { bytes, count } from "../units/numbers";
import type { PreviewParts } from "./documents";
import { FindingList } from "./Why";

export type Preview = ResultOf<typeof PreviewParts>;

export function hasBlocker({ findings }: Pick<Preview, "findings">): boolean {
  return findings.some(({ severity }) => severity === "BLOCKER");
}

export function PreviewTable({ label, previews }: { label: string; previews: readonly Preview[] }) {
  const { t } = useTranslation();
  // The clones of one request differ in names and seeds, so most is found of all of them.
  const findings = [
    ...new Map(
      previews.flatMap((one) => one.findings).map((finding) => [finding.code + finding.message, finding]),
    ).values(),
  ];
  return (
    <>
      <div className={css.wide}>
        <table className={css.small} aria-label={label}>
          <thead>
            <tr>
              <th scope="col">{t("request.name")}</th>
              <th scope="col" className={css.number}>
                {t("request.seeds")}
              </th>
              <th scope="col" className={css.number}>
                {t("request.jobs")}
              </th>
              <th scope="col" className={css.number}>
                {t("preview.bytes")}
              </th>
              <th scope="col">{t("preview.tasks")}</th>
            </tr>
          </thead>
          <tbody>
            {previews.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td className={css.number}>
                  {count(one.seedFirst)}–{count(one.seedLast)}
                </td>
                <td className={css.number}>{count(one.jobs)}</td>
                <td className={css.number}>{bytes(one.sizeBytes?.expected)}</td>
                <td>
                  {one.steps.map(({ kind, taskName, problem }) => (
                    <div key={kind} className={css.long}>
                      {taskName ?? `${kind}: ${problem ?? ""}`}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <FindingList findings={findings} />
    </>
  );
}
