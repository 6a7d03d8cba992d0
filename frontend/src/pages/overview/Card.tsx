/** One question of the overview, with its answer below it. */
import type { ReactNode } from "react";

import css from "./overview.module.css";

export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.card} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
