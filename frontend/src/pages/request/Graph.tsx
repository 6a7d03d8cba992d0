/** The production as a picture. All that it shows stands in words below it, in the steps. */
import "@xyflow/react/dist/style.css";

import { useComputedColorScheme } from "@mantine/core";
import { useElementSize, useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { paths } from "../../paths";
import { Status } from "../../ui/Status";
import { percent } from "../../units/numbers";
import css from "./graph.module.css";
import { graphOf, NODE_HEIGHT, NODE_WIDTH, type Place } from "./graphLayout";
import type { Request } from "./RequestPage";

type Box = Node<{ place: Place; isNarrow: boolean }, "box">;

/** Below it the boxes of a row would be too small to read. */
const NARROW = "(max-width: 899px)";

function BoxNode({ data: { place, isNarrow } }: NodeProps<Box>) {
  const { t } = useTranslation();
  return (
    <div className={css.box} data-kind={place.kind} style={{ width: NODE_WIDTH, height: NODE_HEIGHT }}>
      {place.kind !== "request" && (
        <Handle type="target" position={isNarrow ? Position.Top : Position.Left} isConnectable={false} />
      )}
      <div className={css.title}>
        {place.did ? (
          <Link to={paths.dataset(place.did)} title={place.did}>
            {t("dataset.did")} {place.title}
          </Link>
        ) : (
          <strong title={place.title}>{place.title}</strong>
        )}
        {place.status && <Status word={place.status} />}
      </div>
      {place.kind !== "dataset" && (
        <div className={css.detail}>
          {t("request.complete")}: {percent(place.fraction)}
        </div>
      )}
      <Handle type="source" position={isNarrow ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}

const nodeTypes = { box: BoxNode };

export function Graph({ request }: { request: Request }) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const isNarrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  // The picture is fitted into its frame once: another width is another picture.
  const { ref, width } = useElementSize();
  const { nodes, edges, lowest, widest } = useMemo(() => {
    const { places, lines } = graphOf(request, isNarrow);
    const drawn: Box[] = places.map((place) => ({
      id: place.id,
      type: "box",
      position: { x: place.x, y: place.y },
      data: { place, isNarrow },
    }));
    const joined: Edge[] = lines.map(({ from, to }) => ({ id: `${from} ${to}`, source: from, target: to }));
    const lowest = Math.max(...places.map(({ y }) => y + NODE_HEIGHT));
    const widest = Math.max(...places.map(({ x }) => x + NODE_WIDTH));
    return { nodes: drawn, edges: joined, lowest, widest };
  }, [request, isNarrow]);
  // Made smaller to fit, it needs less height as well.
  const height = lowest * (width === 0 ? 1 : Math.min(1, (0.9 * width) / widest)) + 40;
  return (
    <figure ref={ref} className={css.graph} style={{ height }} aria-label={t("request.graph")}>
      <ReactFlow
        key={`${Math.round(width)} ${isNarrow}`}
        colorMode={scheme}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={{ padding: 0.05, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        minZoom={0.2}
      />
    </figure>
  );
}
