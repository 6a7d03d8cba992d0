/** What the panel asks of PanDA for a task. */
import type { VariablesOf } from "../../../api/graphql";
import type { SteerMutation } from "./documents";

/** Moving a task to another site is left to PanDA's own tools: it takes a site that PanDA would choose better. */
export type Command = Exclude<VariablesOf<typeof SteerMutation>["command"], "REASSIGN">;

/** For a task that has ended. */
export const AFTER: readonly Command[] = ["RETRY"];
/** For a task that has not. */
export const MEANWHILE: readonly Command[] = ["PAUSE", "RESUME", "CHANGE_PRIORITY", "FINISH", "KILL"];
export const COMMANDS: readonly Command[] = [...AFTER, ...MEANWHILE];
