/** Terms and values in a grid; what is not known has its sign and is never left out. */
import type { ReactNode } from "react";

import { UNKNOWN } from "../units/numbers";
import css from "./ui.module.css";

export function FactList({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value ?? UNKNOWN}</dd>
        </div>
      ))}
    </dl>
  );
}
