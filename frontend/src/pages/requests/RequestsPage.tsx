/** All productions, as a dense table that replaces the spreadsheet. */
import { Button } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import { paths } from "../../paths";
import { all, ListPage } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { part } from "../../ui/part";
import type { BulkEdit } from "./bulk/BulkEditDialog";
import { requestColumns } from "./columns";
import { RequestsQuery } from "./documents";
import { useProductionFacets } from "./facets";
import { type Filter, productionFilters } from "./filters";

const INTENTS = [
  "DRAFT",
  "READY",
  "APPROVED",
  "SUBMITTED",
  "ACCEPTED",
  "REJECTED",
  "ON_HOLD",
  "CANCELLED",
  "OBSOLETE",
];

const NONE = {};
const SubmitDialog = part(async () => (await import("../request/changes/SubmitDialog")).SubmitDialog);
const BulkEditDialog = part(async () => (await import("./bulk/BulkEditDialog")).BulkEditDialog);
const UndoNotice = part(async () => (await import("./bulk/UndoNotice")).UndoNotice);

/** The server takes no more in one submission. */
const MOST_AT_ONCE = 20;

/** The line as it was typed, and the choices; all must hold. */
function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = q ? [{ line: q }] : [];
  if (is) every.push(...productionFilters(is));
  if (is?.at) every.push({ datasets: { replicas: { storage: { site: { name: { in: is.at } } } } } });
  return all(every) as Filter | null;
}

export function RequestsPage() {
  const { t } = useTranslation();
  const { is }: ListSearch = useSearch({ strict: false });
  const more = useProductionFacets(is ?? NONE);
  const { may } = useViewer();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<"submit" | "edit" | null>(null);
  const [edited, setEdited] = useState<BulkEdit | null>(null);
  const [round, setRound] = useState(0);
  const columns = useMemo(() => requestColumns(t), [t]);
  const names = [...selected].sort();
  const list = (
    <ListPage
      title={t("nav.requests")}
      query={RequestsQuery}
      pick={(data) => data.requests}
      columns={columns}
      hidden={["campaign", "priority"]}
      keyOf={(row) => row.name}
      filterOf={filterOf}
      takesLines
      facets={[
        { name: "intent", label: t("request.intent"), options: INTENTS },
        { name: "stage", label: t("request.stage"), options: ["S1", "S2"] },
        ...more,
      ]}
      actions={
        <>
          {may("DEFINE") && (
            <Button size="xs" renderRoot={(props) => <Link to={paths.newRequest()} {...props} />}>
              {t("action.new")}
            </Button>
          )}
          {may("DEFINE") && names.length > 0 && (
            <Button size="xs" variant="default" onClick={() => setOpen("edit")}>
              {t("action.editMany", { count: names.length })}
            </Button>
          )}
          {may("SUBMIT") && names.length > 0 && (
            <Button size="xs" disabled={names.length > MOST_AT_ONCE} onClick={() => setOpen("submit")}>
              {t("action.submitMany", { count: names.length })}
            </Button>
          )}
        </>
      }
      round={round}
      selected={may("SUBMIT") || may("DEFINE") ? selected : undefined}
      onSelect={setSelected}
    />
  );
  const close = () => setOpen(null);
  return (
    <>
      <Suspense>
        {edited && (
          <UndoNotice
            key={String(edited.edit)}
            of={edited}
            onUndone={() => setRound(round + 1)}
            onClose={() => setEdited(null)}
          />
        )}
      </Suspense>
      {list}
      <Suspense>
        {open === "submit" && <SubmitDialog names={names} onClose={close} />}
        {open === "edit" && (
          <BulkEditDialog
            names={names}
            onMade={(made) => {
              close();
              setEdited(made);
              setSelected(new Set());
              setRound(round + 1);
            }}
            onClose={close}
          />
        )}
      </Suspense>
    </>
  );
}
