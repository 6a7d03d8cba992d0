/** A production as a graph: the request, its steps, and the datasets that go from one step to the next. */
import { Graph, layout } from "@dagrejs/dagre";

import type { Request } from "./RequestPage";

/** The longest name of a request beside the longest word for its state. */
export const NODE_WIDTH = 250;
export const NODE_HEIGHT = 56;

export interface Place {
  id: string;
  x: number;
  y: number;
  kind: "request" | "step" | "dataset";
  title: string;
  /** The status, as its owner spells it; null when there is none to say. */
  status: string | null;
  /** 0 to 1; null when not known. */
  fraction: number | null;
  /** The address of its own page; null for what has none. */
  did: string | null;
}

export interface Line {
  from: string;
  to: string;
}

const isLog = (dataType: string | null) => dataType === "log";

/** Datasets of attempts that still count; logs go nowhere and would only widen the picture. */
function outputs(step: Request["steps"][number]) {
  const counted = step.attempts.filter(({ isLive }) => isLive);
  const of = counted.length > 0 ? counted : step.attempts.slice(-1);
  return of.flatMap(({ datasets }) => datasets).filter(({ dataType }) => !isLog(dataType));
}

/** Return where everything stands, in the order of the work: from left to right, or down a narrow screen. */
export function graphOf(request: Request, isNarrow: boolean): { places: Place[]; lines: Line[] } {
  const places: Omit<Place, "x" | "y">[] = [
    {
      id: request.id,
      kind: "request",
      title: request.name,
      status: request.intent,
      fraction: request.completeness.fraction,
      did: null,
    },
  ];
  const lines: Line[] = [];
  for (const step of request.steps) {
    places.push({
      id: step.id,
      kind: "step",
      title: step.kind,
      status: step.execution,
      fraction: step.completeness.fraction,
      did: null,
    });
    for (const { id, did, dataType } of outputs(step)) {
      places.push({ id, kind: "dataset", title: dataType ?? did, status: null, fraction: null, did });
      lines.push({ from: step.id, to: id });
    }
    const before = request.steps.find(({ id }) => id === step.parent?.id);
    const inputs = before ? outputs(before) : [];
    if (before === undefined) lines.push({ from: request.id, to: step.id });
    else if (inputs.length === 0) lines.push({ from: before.id, to: step.id });
    else for (const { id } of inputs) lines.push({ from: id, to: step.id });
  }
  const graph = new Graph().setDefaultEdgeLabel(() => ({}));
  graph.setGraph({ rankdir: isNarrow ? "TB" : "LR", nodesep: 16, ranksep: isNarrow ? 28 : 44 });
  for (const { id } of places) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of lines) graph.setEdge(from, to);
  layout(graph);
  return {
    places: places.map((place) => {
      const { x = 0, y = 0 } = graph.node(place.id) ?? {};
      return { ...place, x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 };
    }),
    lines,
  };
}
