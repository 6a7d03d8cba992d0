/** Who did what to a production, its steps and attempts, with before and after: for those who may read the trail. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { SmallTable } from "../../../ui/SmallTable";
import { Failed, Loading } from "../../../ui/States";
import { Status } from "../../../ui/Status";
import ui from "../../../ui/ui.module.css";
import { count } from "../../../units/numbers";
import { local, utc } from "../../../units/times";
import { TrailQuery } from "./documents";

const TONES = { DONE: "good", REFUSED: "bad", FAILED: "bad", UNKNOWN: "bad", ASKED: "plain" } as const;

export function Trail({ name }: { name: string }) {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: TrailQuery, variables: { prefix: name } });
  const { nodes = [], totalCount = 0 } = data?.auditTrail ?? {};
  return (
    <section aria-label={t("trail.title")}>
      <h2>{t("trail.title")}</h2>
      {error && <Failed error={error} again={() => again()} />}
      {data === undefined ? (
        !error && <Loading />
      ) : nodes.length === 0 ? (
        <p className={ui.age}>{t("trail.nothing")}</p>
      ) : (
        <SmallTable
          caption={t("trail.shown", { shown: count(nodes.length), total: count(totalCount) })}
          file={`${name}-trail`}
          rows={nodes}
          keyOf={({ number }) => String(number)}
          columns={[
            {
              id: "at",
              head: t("trail.at"),
              cell: ({ at }) => <span title={utc(at)}>{local(at)}</span>,
              text: ({ at }) => at,
            },
            { id: "actor", head: t("trail.actor"), cell: ({ actor }) => actor, text: ({ actor }) => actor },
            {
              id: "action",
              head: t("trail.action"),
              cell: ({ action, upstreamCall }) => <span title={upstreamCall ?? undefined}>{action}</span>,
              text: ({ action }) => action,
            },
            {
              id: "object",
              head: t("trail.object"),
              cell: ({ objectKey }) => objectKey,
              text: ({ objectKey }) => objectKey,
            },
            {
              id: "outcome",
              head: t("trail.outcome"),
              cell: ({ outcome }) => <Status word={outcome} tone={TONES[outcome]} />,
              text: ({ outcome }) => outcome,
            },
            {
              id: "reason",
              head: t("trail.reason"),
              cell: ({ reason }) => reason,
              text: ({ reason }) => reason,
            },
            {
              id: "changed",
              head: t("trail.changed"),
              cell: ({ before, after }) => <Changed before={before} after={after} />,
              text: ({ before, after }) => `${before ?? ""} → ${after ?? ""}`,
            },
          ]}
        />
      )}
    </section>
  );
}

function Changed({ before, after }: { before: string | null; after: string | null }) {
  const { t } = useTranslation();
  if (before === null && after === null) return null;
  return (
    <details>
      <summary>{t("trail.show")}</summary>
      <pre className={ui.text}>{`${before ?? ""}\n→\n${after ?? ""}`}</pre>
    </details>
  );
}
