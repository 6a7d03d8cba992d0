/** A production in one line: where it stands and how much of it is there. */
import { Link } from "@tanstack/react-router";

import { Status } from "../../ui/Status";
import { percent } from "../../units/numbers";
import type { Overview } from "./OverviewPage";
import css from "./overview.module.css";

export function RequestLine({ request }: { request: Overview["running"]["nodes"][number] }) {
  const { name, tag, execution, completeness } = request;
  return (
    <li className={css.row}>
      <Link to="/requests/$name" params={{ name }}>
        {name}
      </Link>
      <Status word={execution} />
      <span className={css.says} title={tag}>
        {tag}
      </span>
      <span>
        {completeness.fraction !== null && (
          <progress className={css.bar} max={1} value={completeness.fraction} aria-label={name} />
        )}{" "}
        {percent(completeness.fraction)}
      </span>
    </li>
  );
}
