/** Who has which seeds of this physics; a range that the wanted one runs into is marked, in words. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { paths } from "../../paths";
import css from "../../ui/page.module.css";
import { count } from "../../units/numbers";
import { SeedsHeldQuery } from "./documents";

interface Range {
  seedFirst: number | string;
  seedLast: number | string;
}

function meet(one: Range, other: Range): boolean {
  return BigInt(one.seedFirst) <= BigInt(other.seedLast) && BigInt(other.seedFirst) <= BigInt(one.seedLast);
}

export function SeedsHeld({
  physicsKey,
  wanted,
  isEdit,
}: {
  physicsKey: string;
  wanted: Range;
  isEdit: boolean;
}) {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: SeedsHeldQuery, variables: { physicsKey } });
  if (data === undefined || data.seedMap.ranges.length === 0) return null;
  return (
    <div className={css.wide}>
      <table className={css.small}>
        <caption className={css.caption}>{t("define.held", { next: count(data.seedMap.nextFree) })}</caption>
        <tbody>
          {data.seedMap.ranges.map((range) => (
            <tr key={`${range.seedFirst} ${range.requestName}`}>
              <td className={css.number}>
                {count(range.seedFirst)}–{count(range.seedLast)}
              </td>
              <td>
                {range.requestName === null ? (
                  range.exemptReason
                ) : (
                  <Link to={paths.request(range.requestName)}>{range.requestName}</Link>
                )}
              </td>
              <td>{!isEdit && meet(range, wanted) && <strong>{t("define.collides")}</strong>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
