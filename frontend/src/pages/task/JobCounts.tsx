/** Jobs of a task by queue and state: a row for each queue, a column for each state that occurs. */
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { count } from "../../units/numbers";
import type { Task } from "./TaskPage";

export function JobCounts({ counts }: { counts: Task["jobCounts"] }) {
  const { t } = useTranslation();
  if (counts.length === 0) return null;
  const states = [...new Set(counts.map(({ jobState }) => jobState))].sort();
  const queues = [...new Set(counts.map(({ queueName }) => queueName))].sort();
  const at = (queue: string, state: string) =>
    counts.find(({ queueName, jobState }) => queueName === queue && jobState === state)?.jobs ?? 0;
  return (
    <>
      <h2>{t("task.bySite")}</h2>
      <div className={page.wide}>
        <table className={page.small}>
          <thead>
            <tr>
              <th scope="col">{t("task.queue")}</th>
              {states.map((state) => (
                <th key={state} scope="col" className={page.number}>
                  {state}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <tr key={queue}>
                <th scope="row">{queue}</th>
                {states.map((state) => (
                  <td key={state} className={page.number}>
                    {count(at(queue, state))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
