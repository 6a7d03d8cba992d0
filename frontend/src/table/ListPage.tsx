/** A page that is one list: its toolbar, its facets, its table, and a word for each state it can be in. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { type Connection, usePages } from "../api/usePages";
import { Empty, Failed, Loading } from "../ui/States";
import { type Column, DataTable } from "./DataTable";
import { FilterMenu } from "./FilterMenu";
import { LineProblem } from "./LineProblem";
import { SavedViews } from "./SavedViews";
import type { ListSearch } from "./search";
import { Toolbar } from "./Toolbar";
import { useLine } from "./useLine";

/** A choice of exact values, kept in the address as `is.<name>`. */
export interface Facet {
  name: string;
  label: string;
  options: readonly (string | { value: string; label: string })[];
}

interface Props<Data, Variables extends AnyVariables, Row> {
  title: string;
  query: TypedDocumentNode<Data, Variables>;
  pick: (data: Data) => Connection<Row>;
  columns: readonly Column<Row>[];
  /** Ids of columns that are not shown until they are chosen. */
  hidden?: readonly string[];
  keyOf: (row: Row) => string;
  /** What a row is called when it is chosen, where its key says nothing to people. */
  nameOf?: (row: Row) => string;
  /** The server's filter for what stands in the address; null for none. */
  filterOf: (search: ListSearch) => object | null;
  facets?: readonly Facet[];
  /** Whether the server takes the words as a line with keys: `stage:S2 energy:27 events:>40M`. */
  takesLines?: boolean;
  /** What else stands in the toolbar. */
  actions?: ReactNode;
  /** Keys of the chosen rows, where rows can be chosen. */
  selected?: ReadonlySet<string> | undefined;
  onSelect?: ((selected: ReadonlySet<string>) => void) | undefined;
  /** Told the rows that are here whenever they change; must keep its identity. */
  onRows?: (rows: readonly Row[]) => void;
  /** The list is read anew whenever this grows. */
  round?: number;
}

/** Return the words of a text filter; each must occur. */
export function wordsOf(q: string | undefined): string[] {
  return (q ?? "").split(/\s+/).filter((word) => word !== "");
}

/** Return one filter that asks for all of several; null for none. */
export function all<Filter extends object>(filters: readonly Filter[]): { and: readonly Filter[] } | null {
  return filters.length > 0 ? { and: filters } : null;
}

export function ListPage<Data, Variables extends AnyVariables, Row>({
  title,
  query,
  pick,
  columns,
  hidden = [],
  keyOf,
  nameOf,
  filterOf,
  facets = [],
  takesLines = false,
  actions,
  selected,
  onSelect,
  onRows,
  round = 0,
}: Props<Data, Variables, Row>) {
  const { t } = useTranslation();
  const search: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (part: Partial<ListSearch>) =>
    void navigate({ to: ".", search: (old: ListSearch) => ({ ...old, ...part }), replace: true });
  const shown = search.columns ?? columns.map(({ id }) => id).filter((id) => !hidden.includes(id));
  const variables = { filter: filterOf(search), sort: search.sort ? [search.sort] : null };
  const line = takesLines ? (search.q ?? null) : null;
  const { problem, isUnderstood } = useLine(line);
  const pages = usePages(
    query,
    variables as unknown as Omit<Variables, "first" | "after">,
    pick,
    line !== null && !isUnderstood,
  );
  const { again, rows } = pages;
  useEffect(() => {
    if (round > 0) again();
  }, [round, again]);
  useEffect(() => onRows?.(rows), [rows, onRows]);
  const isFiltered = search.q !== undefined || search.is !== undefined;
  const choose = (name: string, values: string[]) => {
    const { [name]: _old, ...others } = search.is ?? {};
    const is = values.length > 0 ? { ...others, [name]: values } : others;
    change({ is: Object.keys(is).length > 0 ? is : undefined });
  };
  return (
    <>
      <Toolbar
        title={title}
        words={search.q ?? ""}
        takesLines={takesLines}
        onWords={(q) => change({ q: q || undefined })}
        rows={pages.rows}
        total={pages.total}
        columns={columns}
        shown={shown}
        onShown={(ids) => change({ columns: ids })}
      >
        <FilterMenu facets={facets} chosen={search.is ?? {}} onChoose={choose} />
        <SavedViews search={search} />
        {actions}
      </Toolbar>
      {problem ? (
        <LineProblem line={search.q ?? ""} problem={problem} />
      ) : (
        pages.error && <Failed error={pages.error} again={pages.again} partly={pages.rows.length > 0} />
      )}
      {problem ? null : pages.rows.length > 0 ? (
        <DataTable
          label={title}
          columns={columns.filter(({ id }) => shown.includes(id))}
          rows={pages.rows}
          keyOf={keyOf}
          total={pages.total}
          sort={search.sort ?? null}
          onSort={(sort) => change({ sort: sort ?? undefined })}
          onEnd={pages.more}
          {...(nameOf ? { nameOf } : {})}
          {...(selected && onSelect ? { selected, onSelect } : {})}
        />
      ) : pages.isLoading ? (
        <Loading />
      ) : (
        !pages.error && <Empty>{isFiltered ? t("state.filtered") : t("state.empty")}</Empty>
      )}
    </>
  );
}
