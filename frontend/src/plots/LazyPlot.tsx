/** A plot whose program is loaded when it is drawn first; its room is kept, so that nothing jumps when it comes. */
import { type ComponentProps, Suspense } from "react";
import { part } from "../ui/part";
import { Loading } from "../ui/States";
import css from "./plots.module.css";

const Plot = part(async () => (await import("./Plot")).Plot);

export function LazyPlot(props: ComponentProps<typeof Plot>) {
  return (
    <div className={css.room}>
      <Suspense fallback={<Loading />}>
        <Plot {...props} />
      </Suspense>
    </div>
  );
}
