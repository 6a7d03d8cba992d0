/** The measure against time and by its split, each as a plot with the numbers behind it. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../../api/graphql";
import { LazyPlot } from "../../plots/LazyPlot";
import { cumulative, monthsBetween, type Series, seriesOf } from "../../plots/series";
import css from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { Empty } from "../../ui/States";
import { decimal } from "../../units/numbers";
import type { StatisticsQuery } from "./documents";
import { groupOf, measured, type Sums } from "./measures";
import type { Split, StatisticsSearch } from "./search";

interface Props {
  statistics: ResultOf<typeof StatisticsQuery>["statistics"];
  search: StatisticsSearch;
  split: Split;
}

export function Measured({ statistics, search, split }: Props) {
  const { t } = useTranslation();
  const measure = search.measure ?? "events";
  const name = t(`statistics.${measure}`);
  const none = t("statistics.none");
  const time = useMemo(
    () => againstTime(statistics.overTime, search, none, name),
    [statistics.overTime, search, none, name],
  );
  const groups = useMemo(() => {
    const rows = statistics.bySplit.map((sums) => ({
      name: groupOf(sums, split) ?? none,
      value: measured(sums, measure),
    }));
    return rows.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
  }, [statistics.bySplit, split, none, measure]);
  const bars = useMemo(
    () => ({
      places: groups.map((row) => row.name),
      series: [{ name, values: groups.map((row) => row.value) }],
    }),
    [groups, name],
  );
  if (time.places.length === 0) return <Empty />;
  const timeTitle = t("statistics.overTime", { measure: name });
  const splitTitle = t("statistics.bySplit", { measure: name, split: t(`statistics.${split}`) });
  return (
    <>
      <section className={css.step} aria-label={timeTitle}>
        <h2>{timeTitle}</h2>
        <LazyPlot
          title={timeTitle}
          across={t("statistics.MONTH")}
          up={name}
          kind={search.cumulative ? "line" : "bar"}
          {...time}
        />
        <details>
          <summary>{t("plot.table")}</summary>
          <SmallTable
            caption={timeTitle}
            isTitled
            file={timeTitle}
            rows={time.places.map((month, index) => ({ month, index }))}
            keyOf={(row) => row.month}
            columns={[
              {
                id: "month",
                head: t("statistics.MONTH"),
                cell: (row) => row.month,
                text: (row) => row.month,
              },
              ...time.series.map((series) => ({
                id: `series ${series.name}`,
                head: series.name,
                numeric: true,
                cell: (row: { index: number }) => decimal(series.values[row.index], 2),
                text: (row: { index: number }) => series.values[row.index],
              })),
            ]}
          />
        </details>
      </section>
      <section className={css.step} aria-label={splitTitle}>
        <h2>{splitTitle}</h2>
        <LazyPlot title={splitTitle} across={t(`statistics.${split}`)} up={name} kind="bar" {...bars} />
        <details>
          <summary>{t("plot.table")}</summary>
          <SmallTable
            caption={splitTitle}
            isTitled
            file={splitTitle}
            rows={groups}
            keyOf={(row) => row.name}
            columns={[
              {
                id: "name",
                head: t(`statistics.${split}`),
                cell: (row) => row.name,
                text: (row) => row.name,
              },
              {
                id: "value",
                head: name,
                numeric: true,
                cell: (row) => decimal(row.value, 2),
                text: (row) => row.value,
              },
            ]}
          />
        </details>
      </section>
    </>
  );
}

/** Tasks that have not begun have no month and stand in no plot against time. */
function againstTime(
  groups: readonly Sums[],
  { measure = "events", by, cumulative: isSum }: StatisticsSearch,
  none: string,
  together: string,
): { places: string[]; series: Series[] } {
  const points = groups.flatMap((sums) => {
    const at = groupOf(sums, "MONTH");
    if (at === null) return [];
    return [{ at, of: by ? (groupOf(sums, by) ?? none) : together, value: measured(sums, measure) }];
  });
  const months = points.map(({ at }) => at).sort();
  const [first] = months;
  const last = months[months.length - 1];
  if (first === undefined || last === undefined) return { places: [], series: [] };
  const places = monthsBetween(first, last);
  // A month without tasks made nothing; one with tasks of which nothing is known stays a gap.
  const series = seriesOf(points, places, 0);
  return {
    places,
    series: isSum ? series.map(({ name, values }) => ({ name, values: cumulative(values) })) : series,
  };
}
