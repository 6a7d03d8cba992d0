/** A status: the word as its owner spells it, on a colour that never speaks alone. */
import css from "./ui.module.css";

const TONES: Record<string, string> = {};
const tell = (tone: string, ...words: string[]) => {
  for (const word of words) TONES[word] = tone;
};
tell("good", "done", "finished", "COMPLETE", "ACCEPTED", "AVAILABLE", "OK", "online", "ACTIVE");
tell(
  "moving",
  "running",
  "scouting",
  "RUNNING",
  "SUBMITTED",
  "REPLICATING",
  "submitting",
  "prepared",
  "STOPPING",
);
tell(
  "waiting",
  "ready",
  "pending",
  "QUEUED",
  "SUBMITTING",
  "READY",
  "APPROVED",
  "registered",
  "defined",
  "assigning",
  "paused",
  "ON_HOLD",
  "DRAFT",
);
tell(
  "partly",
  "PARTIAL",
  "ATTENTION",
  "exhausted",
  "WARNING",
  "brokeroff",
  "STUCK",
  "AMBIGUOUS",
  "HELD",
  "toretry",
  "toincexec",
);
tell(
  "bad",
  "failed",
  "broken",
  "aborted",
  "FAILED",
  "ABORTED",
  "BLOCKER",
  "REJECTED",
  "BLOCKED",
  "offline",
  "UNAVAILABLE",
);

export function Status({
  word,
  title,
  tone,
}: {
  word: string | null | undefined;
  title?: string | undefined;
  /** For words that are ours and not a service's. */
  tone?: string | undefined;
}) {
  const shown = word ?? "UNKNOWN";
  return (
    <span className={css.status} data-tone={tone ?? TONES[shown] ?? "plain"} title={title}>
      {shown.toUpperCase().replaceAll("_", " ")}
    </span>
  );
}
