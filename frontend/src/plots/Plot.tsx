/** A plot of series over named places: bars on each other, or lines when they are sums. It can be kept as a file. */
import { Button, Group, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { save } from "../table/files";
import { axisNumber, decimal } from "../units/numbers";
import { echarts } from "./echarts";
import { savePng } from "./picture";
import css from "./plots.module.css";
import type { Series } from "./series";

interface Props {
  title: string;
  /** What stands on each axis, with its unit. */
  across: string;
  up: string;
  places: readonly string[];
  series: readonly Series[];
  kind: "bar" | "line";
}

/** Told apart without colour by the patterns laid over them. After Okabe and Ito. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8a00", "#777777"];

export function Plot({ title, across, up, places, series, kind }: Props) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof echarts.init> | null>(null);
  const [text, line] = scheme === "dark" ? ["#e4e9ee", "#3a444e"] : ["#16202a", "#d5dce3"];
  const paper = scheme === "dark" ? "#1a1f25" : "#ffffff";

  useEffect(() => {
    if (box.current === null) return;
    const made = echarts.init(box.current, null, { renderer: "svg" });
    chart.current = made;
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const axis = { axisLabel: { color: text }, nameTextStyle: { color: text } };
    chart.current?.setOption(
      {
        animation: false,
        color: COLOURS,
        textStyle: { color: text, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
        aria: { enabled: true, decal: { show: series.length > 1 }, label: { description: title } },
        grid: { left: 12, right: 20, top: series.length > 1 ? 56 : 34, bottom: 30, containLabel: true },
        legend: series.length > 1 ? { type: "plain", top: 0, textStyle: { color: text } } : undefined,
        tooltip: {
          trigger: "axis",
          renderMode: "richText",
          valueFormatter: (value: unknown) => decimal(value as number | null, 3),
        },
        xAxis: {
          type: "category",
          name: across,
          nameLocation: "middle",
          nameGap: 32,
          data: [...places],
          ...axis,
        },
        yAxis: {
          type: "value",
          name: up,
          ...axis,
          nameTextStyle: { color: text, align: "left" },
          axisLabel: { color: text, formatter: (value: number) => axisNumber(value) },
          splitLine: { lineStyle: { color: line } },
        },
        series: series.map(({ name, values }) => ({
          name,
          type: kind,
          stack: kind === "bar" ? "all" : undefined,
          data: values,
          symbolSize: 5,
        })),
      },
      true,
    );
  }, [title, across, up, places, series, kind, text, line]);

  const picture = () => chart.current?.renderToSVGString() ?? "";
  return (
    <figure className={css.figure} aria-label={title}>
      <div ref={box} className={css.plot} />
      <figcaption>
        <Group gap="xs">
          <span>{t("plot.keepAs")}</span>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => save(`${title}.svg`, picture(), "image/svg+xml")}
          >
            SVG
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => void savePng(`${title}.png`, picture(), paper)}
          >
            PNG
          </Button>
        </Group>
      </figcaption>
    </figure>
  );
}
