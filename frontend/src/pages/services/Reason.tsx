/** A failure in words, as long as it is; nothing when there was none. */
import ui from "../../ui/ui.module.css";

export function Reason({ of }: { of: string | null }) {
  return of ? <span className={ui.text}>{of}</span> : null;
}
