/** A request as a form has it, all texts, and what of it is sent: everything of a new one, of an edit what differs. */
import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { CreateMutation, EditedQuery, UpdateMutation } from "./documents";

export type Edited = Extract<ResultOf<typeof EditedQuery>["request"], { __typename: "Request" }>;
type NewInput = VariablesOf<typeof CreateMutation>["input"];
type EditInput = VariablesOf<typeof UpdateMutation>["input"];

export interface DraftStep {
  kind: string;
  script: string;
  reads: string;
  description: string | null;
}

export interface Draft {
  stageName: string;
  collisionType: string;
  energyGev: string;
  polarization: string;
  softwareProject: string;
  softwareVersion: string;
  tag: string;
  events: string;
  eventsPerFile: string;
  campaignName: string;
  geometries: string;
  priority: string;
  description: string;
  isTest: boolean;
  seedFirst: string;
  seedLast: string;
  seedReuseReason: string;
  steps: DraftStep[];
}

export const EMPTY: Draft = {
  stageName: "S1",
  collisionType: "pp",
  energyGev: "27",
  polarization: "UU",
  softwareProject: "spdroot-dev",
  softwareVersion: "",
  tag: "",
  events: "",
  eventsPerFile: "",
  campaignName: "",
  geometries: "",
  priority: "",
  description: "",
  isTest: false,
  seedFirst: "",
  seedLast: "",
  seedReuseReason: "",
  steps: [
    { kind: "SIM", script: "", reads: "", description: null },
    { kind: "RECO", script: "", reads: "SIM", description: null },
  ],
};

const text = (value: number | string | null | undefined) => (value == null ? "" : String(value));

export function draftOf(request: Edited): Draft {
  const seeds = request.seedRanges.length === 1 ? request.seedRanges[0] : undefined;
  return {
    stageName: request.stageName,
    collisionType: request.collisionType,
    energyGev: text(request.energyGev),
    polarization: request.polarization,
    softwareProject: request.softwareProject,
    softwareVersion: request.softwareVersion,
    tag: request.tag,
    events: text(request.events),
    eventsPerFile: text(request.eventsPerFile),
    campaignName: text(request.campaignName),
    geometries: request.geometries.map(({ name }) => name).join(", "),
    priority: text(request.priority),
    description: text(request.description),
    isTest: request.isTest,
    seedFirst: text(seeds?.seedFirst),
    seedLast: text(seeds?.seedLast),
    seedReuseReason: "",
    steps: request.steps.map(({ kind, script, description, parent }) => ({
      kind,
      script: text(script),
      reads: parent === null ? "" : parent.requestName === request.name ? parent.kind : parent.key,
      description,
    })),
  };
}

/** A whole number as it was typed, spaces between thousands left out; beyond 2^53 it stays text. */
export function whole(typed: string): number | string | null {
  const digits = typed.replace(/[\s\u2009_]/g, "");
  if (digits === "") return null;
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : digits;
}

/** Return the input for a new request; null while a number that it needs is missing or is none. */
export function inputOf(draft: Draft): NewInput | null {
  const [events, eventsPerFile] = [whole(draft.events), whole(draft.eventsPerFile)];
  const [first, last] = [whole(draft.seedFirst), whole(draft.seedLast)];
  const priority = whole(draft.priority);
  const energyGev = Number(draft.energyGev.replace(",", "."));
  const numbers = [events, eventsPerFile, first, last, priority];
  const areNumbers = numbers.every((one) => one === null || /^-?\d+$/.test(String(one)));
  if (events === null || eventsPerFile === null || !areNumbers || !(energyGev > 0) || draft.tag.trim() === "")
    return null;
  return {
    stageName: draft.stageName.trim(),
    collisionType: draft.collisionType.trim(),
    energyGev,
    polarization: draft.polarization.trim(),
    softwareProject: draft.softwareProject.trim(),
    softwareVersion: draft.softwareVersion.trim(),
    tag: draft.tag.trim(),
    events,
    eventsPerFile,
    campaignName: draft.campaignName.trim() || null,
    geometries: draft.geometries
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
    priority,
    description: draft.description || null,
    isTest: draft.isTest,
    seeds: first !== null && last !== null ? { first, last } : null,
    seedReuseReason: draft.seedReuseReason.trim() || null,
    steps: draft.steps.map(({ kind, script, reads, description }) => ({
      kind: kind.trim(),
      script: script.trim() || null,
      reads: reads.trim() || null,
      description,
    })),
  };
}

/** Return the fields of an edit that differ from what was loaded; null while a number is missing. */
export function changesOf(before: Draft, after: Draft): EditInput | null {
  const [old, wanted] = [inputOf(before), inputOf(after)];
  if (wanted === null) return null;
  if (old === null) return wanted;
  const changed: Record<string, unknown> = {};
  for (const field of Object.keys(wanted) as (keyof NewInput)[])
    if (JSON.stringify(old[field]) !== JSON.stringify(wanted[field])) changed[field] = wanted[field];
  return changed as EditInput;
}

/** Return what somebody typed that differs from what they began with. */
export function editsOf(before: Draft, after: Draft): Partial<Draft> {
  const fields = Object.keys(after) as (keyof Draft)[];
  return Object.fromEntries(
    fields
      .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map((field) => [field, after[field]]),
  );
}
