/** Whether a service's copy keeps its promise: fresh, stale, or never read. */
import { useTranslation } from "react-i18next";

import { Status } from "./Status";

export function SourceStatus({
  source,
}: {
  source: { isStale: boolean; lastOkAt: string | null; staleReason: string | null };
}) {
  const { t } = useTranslation();
  const word = source.lastOkAt === null ? "neverRead" : source.isStale ? "stale" : "fresh";
  const tone = { neverRead: "waiting", stale: "partly", fresh: "good" }[word];
  return <Status word={t(`service.${word}`)} tone={tone} title={source.staleReason ?? undefined} />;
}
