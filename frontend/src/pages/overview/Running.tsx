/** What the grid works on now. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { Card } from "./Card";
import type { Overview } from "./OverviewPage";
import { RequestLine } from "./RequestLine";

interface Props {
  requests: Overview["running"];
  tasks: number | string;
}

export function Running({ requests, tasks }: Props) {
  const { t } = useTranslation();
  return (
    <Card title={t("overview.running")}>
      {requests.nodes.length === 0 ? (
        <p>{t("overview.nothingRuns")}</p>
      ) : (
        <ul className={page.plain}>
          {requests.nodes.map((request) => (
            <RequestLine key={request.id} request={request} />
          ))}
        </ul>
      )}
      <Link to="/tasks" search={{ is: { status: ["running"] } }}>
        {t("overview.runningTasks", { count: Number(tasks) })}
      </Link>
    </Card>
  );
}
