/** What the checks say of everything: the inbox of whoever looks after the productions. */
import { Button } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import type { ResultOf, VariablesOf } from "../../api/graphql";
import { paths } from "../../paths";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { part } from "../../ui/part";
import { Status } from "../../ui/Status";
import { ago, secondsSince, utc } from "../../units/times";
import { type FindingRow, FindingsQuery } from "./documents";
import { ForgetDialog, NoteDialog } from "./NoteDialog";

type Row = ResultOf<typeof FindingRow>;
type Filter = NonNullable<VariablesOf<typeof FindingsQuery>["filter"]>;

const SEVERITIES = ["BLOCKER", "WARNING", "INFO"] as const;

/** What nobody has taken note of, unless the address asks for what somebody has. */
function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { code: { contains: word } },
      { subjectKey: { contains: word } },
      { requestName: { contains: word } },
    ],
  }));
  const severities = SEVERITIES.filter((one) => is?.severity?.includes(one));
  if (severities.length > 0) every.push({ severity: severities });
  return all([
    ...every,
    { resolvedAt: { isNull: true } },
    { acknowledgedAt: { isNull: !isNoted(is) } },
  ]) as Filter | null;
}

function isNoted(is: ListSearch["is"]): boolean {
  return is?.noted?.includes("yes") ?? false;
}

/** Where the thing is shown that a finding is about. */
function homeOf({ subjectKind, subjectKey, request }: Row): string | null {
  if (request) return paths.request(request.name);
  if (subjectKind === "TASK") return paths.task(subjectKey);
  if (subjectKind === "DATASET") return paths.dataset(subjectKey);
  return null;
}

function columnsOf(t: TFunction, mayAdopt: boolean): Column<Row>[] {
  return [
    {
      id: "severity",
      head: t("finding.severity"),
      width: 100,
      sort: "SEVERITY",
      cell: (row) => <Status word={row.severity} />,
      text: (row) => row.severity,
    },
    {
      id: "about",
      head: t("finding.about"),
      width: 230,
      sort: "SUBJECT_KEY",
      cell: (row) => {
        const home = homeOf(row);
        if (home === null) return row.subjectKey;
        // What nobody claims can be adopted there.
        const isOrphan = row.code === "orphan-task" || row.code === ORPHAN_DATASET;
        const search = mayAdopt && isOrphan ? { do: "adopt" } : {};
        return (
          <Link to={home} search={search}>
            {row.subjectKey}
          </Link>
        );
      },
      text: (row) => row.subjectKey,
    },
    {
      id: "says",
      head: t("finding.says"),
      width: 520,
      cell: (row) => <span title={row.message}>{row.message}</span>,
      text: (row) => row.message,
    },
    {
      id: "suggestion",
      head: t("finding.suggestion"),
      width: 360,
      cell: (row) => <span title={row.suggestion ?? undefined}>{row.suggestion}</span>,
      text: (row) => row.suggestion,
    },
    {
      id: "code",
      head: t("finding.code"),
      width: 200,
      sort: "INVARIANT",
      cell: (row) => row.code,
      text: (row) => row.code,
    },
    {
      id: "since",
      head: t("finding.since"),
      width: 110,
      sort: "FIRST_FOUND_AT",
      cell: (row) => <span title={utc(row.firstFoundAt)}>{ago(secondsSince(row.firstFoundAt))}</span>,
      text: (row) => row.firstFoundAt,
    },
    {
      id: "noted",
      head: t("finding.notedBy"),
      width: 260,
      cell: ({ acknowledgedAt, acknowledgedBy, acknowledgedReason }) =>
        acknowledgedAt && (
          <span title={utc(acknowledgedAt)}>
            {acknowledgedBy}: {acknowledgedReason}
          </span>
        ),
      text: ({ acknowledgedBy, acknowledgedReason }) =>
        acknowledgedBy && `${acknowledgedBy}: ${acknowledgedReason}`,
    },
  ];
}

const ORPHAN_DATASET = "orphan-dataset";
const AdoptDatasetsDialog = part(
  async () => (await import("../dataset/adopt/AdoptDatasetsDialog")).AdoptDatasetsDialog,
);

const NO_IDS: ReadonlySet<string> = new Set();

export function FindingsPage() {
  const { t } = useTranslation();
  const { may } = useViewer();
  const { is }: ListSearch = useSearch({ strict: false });
  const mayNote = may("ACKNOWLEDGE");
  const columns = useMemo(() => columnsOf(t, mayNote), [t, mayNote]);
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [selected, setSelected] = useState(NO_IDS);
  const [open, setOpen] = useState<"note" | "adopt" | null>(null);
  const [round, setRound] = useState(0);
  const chosen = rows.filter(({ id }) => selected.has(id));
  const noted = isNoted(is);
  const orphans = chosen.filter(({ code }) => code === ORPHAN_DATASET);
  const Dialog = noted ? ForgetDialog : NoteDialog;
  const made = () => {
    setOpen(null);
    setSelected(NO_IDS);
    setRound(round + 1);
  };
  return (
    <>
      <ListPage
        title={t("nav.findings")}
        query={FindingsQuery}
        pick={(data) => data.findings}
        columns={columns}
        hidden={noted ? ["suggestion"] : ["noted"]}
        keyOf={(row) => row.id}
        nameOf={(row) => `${row.code} ${row.subjectKey}`}
        filterOf={filterOf}
        facets={[
          { name: "severity", label: t("finding.severity"), options: SEVERITIES },
          {
            name: "noted",
            label: t("finding.noted"),
            options: [{ value: "yes", label: t("finding.noted") }],
          },
        ]}
        round={round}
        onRows={setRows}
        selected={mayNote ? selected : undefined}
        onSelect={setSelected}
        actions={
          chosen.length > 0 && (
            <>
              <Button size="xs" onClick={() => setOpen("note")}>
                {t(noted ? "finding.forgetMany" : "finding.noteMany", { count: chosen.length })}
              </Button>
              {orphans.length === chosen.length && (
                <Button size="xs" variant="default" onClick={() => setOpen("adopt")}>
                  {t("adopt.datasetsShort", { count: orphans.length })}
                </Button>
              )}
            </>
          )
        }
      />
      {open === "note" && <Dialog findings={chosen} onMade={made} onClose={() => setOpen(null)} />}
      <Suspense>
        {open === "adopt" && (
          <AdoptDatasetsDialog
            dids={orphans.map(({ subjectKey }) => subjectKey)}
            onMade={made}
            onClose={() => setOpen(null)}
          />
        )}
      </Suspense>
    </>
  );
}
