/** A plot whose program is loaded when it is drawn first; its room is kept, so that nothing jumps when it comes. */
import { type ComponentProps, lazy, Suspense } from "react";

import { Loading } from "../ui/States";
import css from "./plots.module.css";

const Plot = lazy(() => import("./Plot").then((module) => ({ default: module.Plot })));

export function LazyPlot(props: ComponentProps<typeof Plot>) {
  return (
    <div className={css.room}>
      <Suspense fallback={<Loading />}>
        <Plot {...props} />
      </Suspense>
    </div>
  );
}
