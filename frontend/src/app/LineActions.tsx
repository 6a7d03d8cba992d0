/** What a line of the palette was understood as, to be opened as productions or as datasets. */
import { Spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Line } from "../table/line";
import { axisNumber } from "../units/numbers";

const LISTS = [
  { key: "requests", to: "/requests" },
  { key: "datasets", to: "/datasets" },
] as const;

export function LineActions({ line, close }: { line: Line; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { is, q } = line;
  const words = [
    ...(is.energy ?? []).map((energy) => `${energy} ${t("request.gev")}`),
    ...(is.collision ?? []),
    ...(is.polarization ?? []),
    ...(is.stage ?? []),
    ...(is.execution ?? []),
    ...(is.atLeast ?? []).map((events) => t("request.atLeast", { events: axisNumber(Number(events)) })),
    ...(is.atMost ?? []).map((events) => t("request.atMost", { events: axisNumber(Number(events)) })),
    ...(is.at ?? []).map((site) => t("palette.at", { site })),
    ...(q === "" ? [] : [`“${q}”`]),
  ].join(", ");
  return (
    <Spotlight.ActionsGroup label={t("palette.understood")}>
      {LISTS.map(({ key, to }) => (
        <Spotlight.Action
          key={key}
          label={`${t(`nav.${key}`)}: ${words}`}
          onClick={() => {
            close();
            void navigate({ to, search: { is, ...(q === "" ? {} : { q }) } });
          }}
        />
      ))}
    </Spotlight.ActionsGroup>
  );
}
