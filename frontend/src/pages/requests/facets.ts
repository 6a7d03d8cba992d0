/** The choices above a list that are about the production: each with its values, also those that only a line can give. */
import type { TFunction } from "i18next";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { Facet } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { axisNumber } from "../../units/numbers";
import { FacetValuesQuery } from "./documents";

const EXECUTIONS = [
  "NOT_SUBMITTED",
  "BLOCKED",
  "SUBMITTING",
  "QUEUED",
  "RUNNING",
  "ATTENTION",
  "STOPPING",
  "COMPLETE",
  "PARTIAL",
  "FAILED",
  "ABORTED",
  "UNKNOWN",
];
const AMOUNTS = ["1000000", "5000000", "10000000", "40000000", "100000000"];

const both = (known: readonly string[], chosen: readonly string[] | undefined) => [
  ...new Set([...known, ...(chosen ?? [])]),
];

function amounts(t: TFunction, key: "request.atLeast" | "request.atMost", chosen: string[] | undefined) {
  return both(AMOUNTS, chosen)
    .filter((value) => Number.isFinite(Number(value)))
    .map((value) => ({ value, label: t(key, { events: axisNumber(Number(value)) }) }));
}

/** The rows are what somebody waits for; what the menus offer is asked when they are likely to stand there. */
const FIRST_ROWS_MS = 1_000;

function useAfterFirstRows(): boolean {
  const [isAfter, setAfter] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setAfter(true), FIRST_ROWS_MS);
    return () => clearTimeout(timer);
  }, []);
  return isAfter;
}

/** Return the facets; sites and energies are those that the gateway knows. */
export function useProductionFacets(is: NonNullable<ListSearch["is"]>): Facet[] {
  const { t } = useTranslation();
  const isWanted = useAfterFirstRows();
  const [{ data }] = useQuery({ query: FacetValuesQuery, pause: !isWanted });
  return useMemo(() => {
    const rows = data?.requests.nodes ?? [];
    const seen = (pick: (row: (typeof rows)[number]) => string) => [...new Set(rows.map(pick))].sort();
    const energies = seen(({ energyGev }) => String(energyGev)).sort((a, b) => Number(a) - Number(b));
    const facet = (name: string, label: string, options: Facet["options"]): Facet => ({
      name,
      label,
      options,
    });
    return [
      facet("execution", t("request.execution"), EXECUTIONS),
      facet(
        "energy",
        t("request.energy"),
        both(energies, is.energy).map((value) => ({ value, label: `${value} ${t("request.gev")}` })),
      ),
      facet(
        "at",
        t("request.at"),
        both(
          (data?.sites.nodes ?? []).map(({ name }) => name),
          is.at,
        ),
      ),
      facet(
        "collision",
        t("request.collision"),
        both(
          seen((row) => row.collisionType),
          is.collision,
        ),
      ),
      facet(
        "polarization",
        t("request.polarization"),
        both(
          seen((row) => row.polarization),
          is.polarization,
        ),
      ),
      facet("atLeast", t("request.atLeastShort"), amounts(t, "request.atLeast", is.atLeast)),
      facet("atMost", t("request.atMostShort"), amounts(t, "request.atMost", is.atMost)),
    ];
  }, [data, is, t]);
}
