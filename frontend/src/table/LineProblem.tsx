/** A line that cannot be understood: the line with the wrong part marked, and what to write instead. */
import { useTranslation } from "react-i18next";

import css from "./table.module.css";
import { type Problem, partsOf } from "./useLine";

export function LineProblem({ line, problem }: { line: string; problem: Problem }) {
  const { t } = useTranslation();
  const [before, wrong, after] = partsOf(line, problem);
  return (
    <div role="alert" className={css.problem}>
      <code className={css.line}>
        {before}
        <mark title={t("table.lineWrong")}>{wrong === "" ? "\u2009" : wrong}</mark>
        {after}
      </code>
      <p>{problem.message}</p>
    </div>
  );
}
