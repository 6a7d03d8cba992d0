/** What to plot: the measure, how to split it, until when and of which campaign. */
import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { MEASURES, SPLITS, type StatisticsSearch } from "./search";

interface Props {
  search: StatisticsSearch;
  campaigns: readonly string[];
}

export function Choices({ search, campaigns }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const change = (part: Record<string, unknown>) =>
    void navigate({
      to: "/statistics",
      search: (old: StatisticsSearch) => ({ ...old, ...part }),
      replace: true,
    });
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t("statistics.measure")}
        value={search.measure ?? "events"}
        onChange={(event) => change({ measure: event.currentTarget.value })}
        data={MEASURES.map((value) => ({ value, label: t(`statistics.${value}`) }))}
      />
      <NativeSelect
        size="xs"
        aria-label={t("statistics.split")}
        value={search.by ?? ""}
        onChange={(event) => change({ by: event.currentTarget.value || undefined })}
        data={[
          { value: "", label: t("statistics.all") },
          ...SPLITS.map((value) => ({ value, label: t(`statistics.${value}`) })),
        ]}
      />
      <NativeSelect
        size="xs"
        aria-label={t("statistics.campaignOnly")}
        value={search.campaign ?? ""}
        onChange={(event) => change({ campaign: event.currentTarget.value || undefined })}
        data={[{ value: "", label: t("statistics.campaignOnly") }, ...campaigns]}
      />
      <TextInput
        size="xs"
        type="date"
        aria-label={t("statistics.until")}
        title={t("statistics.until")}
        value={search.until ?? ""}
        onChange={(event) => change({ until: event.currentTarget.value || undefined })}
      />
      <Checkbox
        size="xs"
        label={t("statistics.cumulative")}
        checked={search.cumulative ?? false}
        onChange={(event) => change({ cumulative: event.currentTarget.checked || undefined })}
      />
    </>
  );
}
