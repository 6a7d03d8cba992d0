/** What people can decide about a request: from which intents, with which right, and whether it takes a reason. */
import type { Right } from "../../../../account/useViewer";
import type { Request } from "../../RequestPage";
import {
  AcceptMutation,
  ApproveMutation,
  CancelMutation,
  HoldMutation,
  MakeReadyMutation,
  ObsoleteMutation,
  OffHoldMutation,
  RejectMutation,
} from "./documents";

type Intent = Request["intent"];

interface Shape {
  from: readonly Intent[];
  needs: Right;
  isReasonNeeded: boolean;
  isDangerous?: boolean;
}

export const DECISIONS = {
  ready: { from: ["DRAFT"], needs: "DEFINE", isReasonNeeded: false, mutation: MakeReadyMutation },
  approve: { from: ["READY"], needs: "APPROVE", isReasonNeeded: false, mutation: ApproveMutation },
  accept: { from: ["SUBMITTED"], needs: "ACCEPT", isReasonNeeded: false, mutation: AcceptMutation },
  reject: {
    from: ["SUBMITTED"],
    needs: "ACCEPT",
    isReasonNeeded: true,
    isDangerous: true,
    mutation: RejectMutation,
  },
  hold: {
    from: ["DRAFT", "READY", "APPROVED", "SUBMITTED", "ACCEPTED"],
    needs: "APPROVE",
    isReasonNeeded: true,
    mutation: HoldMutation,
  },
  offHold: { from: ["ON_HOLD"], needs: "APPROVE", isReasonNeeded: false, mutation: OffHoldMutation },
  cancel: {
    from: ["DRAFT", "READY"],
    needs: "DEFINE",
    isReasonNeeded: true,
    isDangerous: true,
    mutation: CancelMutation,
  },
  obsolete: {
    from: ["ACCEPTED"],
    needs: "ACCEPT",
    isReasonNeeded: true,
    isDangerous: true,
    mutation: ObsoleteMutation,
  },
} as const satisfies Record<string, Shape & { mutation: unknown }>;

export type Decision = keyof typeof DECISIONS;

export const DECISION_NAMES = Object.keys(DECISIONS) as Decision[];

export function isDecision(name: string | undefined): name is Decision {
  return name !== undefined && name in DECISIONS;
}

/** The decisions that an intent allows, in the order of a request's life. */
export function decisionsFrom(intent: Intent): Decision[] {
  return DECISION_NAMES.filter((name) => (DECISIONS[name].from as readonly Intent[]).includes(intent));
}
