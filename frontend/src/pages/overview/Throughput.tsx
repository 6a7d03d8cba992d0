/** Events made in each month, as small bars; the numbers stand behind them. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { SmallTable } from "../../ui/SmallTable";
import { axisNumber, count } from "../../units/numbers";
import { Card } from "./Card";
import type { Overview } from "./OverviewPage";
import css from "./overview.module.css";

type Month = Overview["statistics"]["production"][number];

const WIDTH = 360;
const HEIGHT = 120;

const monthOf = (month: Month) => month.keys[0]?.value ?? null;

export function Throughput({ months }: { months: readonly Month[] }) {
  const { t } = useTranslation();
  const dated = months.filter((month) => monthOf(month) !== null);
  const ordered = [...dated].sort((a, b) => String(monthOf(a)).localeCompare(String(monthOf(b))));
  const values = ordered.map(({ events }) => Number(events.value ?? 0));
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  return (
    <Card title={t("overview.throughput")}>
      <svg
        className={css.plot}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("overview.eventsByMonth")}
      >
        <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {ordered.map((month, index) => {
          const height = ((values[index] ?? 0) / most) * (HEIGHT - 4);
          return (
            <rect
              key={monthOf(month)}
              x={index * step + step * 0.1}
              y={HEIGHT - height}
              width={step * 0.8}
              height={height}
            >
              <title>{`${monthOf(month)}: ${count(month.events.value)}`}</title>
            </rect>
          );
        })}
      </svg>
      <p className={css.axis}>
        <span>{ordered[0] && monthOf(ordered[0])}</span>
        <span>{t("overview.most", { events: axisNumber(most) })}</span>
        <span>{ordered.length > 1 && monthOf(ordered[ordered.length - 1] as Month)}</span>
      </p>
      <details>
        <summary>{t("plot.table")}</summary>
        <SmallTable
          caption={t("overview.eventsByMonth")}
          isTitled
          rows={ordered}
          keyOf={(month) => String(monthOf(month))}
          columns={[
            { id: "month", head: t("statistics.MONTH"), cell: monthOf },
            {
              id: "events",
              head: t("request.events"),
              numeric: true,
              cell: (month) => count(month.events.value),
            },
            { id: "tasks", head: t("nav.tasks"), numeric: true, cell: (month) => count(month.tasks) },
          ]}
        />
      </details>
      <Link to="/statistics">{t("nav.statistics")}</Link>
    </Card>
  );
}
