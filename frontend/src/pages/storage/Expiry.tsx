/** What ends when on a storage: bytes by month, and the copies that end first. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { paths } from "../../paths";
import { LazyPlot } from "../../plots/LazyPlot";
import { monthsBetween, seriesOf } from "../../plots/series";
import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { type Kept, keptUntil } from "./kept";
import type { Storage } from "./StoragePage";

const BYTES_IN_GB = 1e9;
const FIRST_TO_END = 15;

interface Copy {
  did: string;
  sizeBytes: number;
  kept: Kept;
}

export function Expiry({ storage }: { storage: Storage }) {
  const { t } = useTranslation();
  const copies = useMemo<Copy[]>(
    () =>
      storage.replicas.nodes.map(({ did, sizeBytes, dataset }) => ({
        did,
        sizeBytes: Number(sizeBytes ?? 0),
        kept: keptUntil(storage.name, dataset),
      })),
    [storage],
  );
  const ending = useMemo(
    () =>
      copies
        .flatMap((copy) => (copy.kept.until === null ? [] : [{ ...copy, until: copy.kept.until }]))
        .sort((a, b) => a.until.localeCompare(b.until)),
    [copies],
  );
  const name = t("storage.endingGb");
  const plot = useMemo(() => {
    const sums = new Map<string, number>();
    for (const { until, sizeBytes } of ending) {
      const month = until.slice(0, 7);
      sums.set(month, (sums.get(month) ?? 0) + sizeBytes / BYTES_IN_GB);
    }
    const months = [...sums.keys()].sort();
    const places = months.length > 0 ? monthsBetween(months[0] ?? "", months[months.length - 1] ?? "") : [];
    return {
      places,
      series: seriesOf(
        [...sums].map(([at, value]) => ({ at, of: name, value })),
        places,
        0,
      ),
    };
  }, [ending, name]);
  const total = (why: string) =>
    copies
      .filter(({ kept }) => kept.until === null && kept.why === why)
      .reduce((sum, c) => sum + c.sizeBytes, 0);
  return (
    <section aria-label={t("storage.expiry")}>
      <h2>{t("storage.expiry")}</h2>
      <p>
        {t("storage.forever")}: {bytes(total("forever"))} · {t("storage.unprotected")}:{" "}
        {bytes(total("unprotected"))} · {t("storage.unknownEnd")}: {bytes(total("unknown"))}
      </p>
      {storage.replicas.nodes.length < Number(storage.replicas.totalCount) && (
        <p className={page.notice}>
          {t("storage.largestOnly", {
            shown: count(storage.replicas.nodes.length),
            total: count(storage.replicas.totalCount),
          })}
        </p>
      )}
      {ending.length === 0 ? (
        <p>{t("storage.nothingEnds")}</p>
      ) : (
        <>
          <LazyPlot
            title={t("storage.expiry")}
            across={t("statistics.MONTH")}
            up={name}
            kind="bar"
            places={plot.places}
            series={plot.series}
          />
          <SmallTable
            caption={t("storage.endFirst")}
            file={`${storage.name} ${t("storage.expiry")}`}
            rows={ending.slice(0, FIRST_TO_END)}
            keyOf={(copy) => copy.did}
            columns={[
              {
                id: "did",
                head: t("dataset.did"),
                cell: (copy) => <Link to={paths.dataset(copy.did)}>{copy.did}</Link>,
                text: (copy) => copy.did,
              },
              {
                id: "size",
                head: t("dataset.size"),
                numeric: true,
                cell: (copy) => bytes(copy.sizeBytes),
                text: (copy) => copy.sizeBytes,
              },
              {
                id: "until",
                head: t("dataset.expires"),
                cell: (copy) => <span title={utc(copy.until)}>{local(copy.until)}</span>,
                text: (copy) => copy.until,
              },
            ]}
          />
        </>
      )}
    </section>
  );
}
