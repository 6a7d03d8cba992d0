/** The columns of the requests table, with the short heads that people use on the spreadsheet. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";

import type { ResultOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { Status } from "../../ui/Status";
import { count, decimal } from "../../units/numbers";
import { ago, secondsSince, utc } from "../../units/times";
import type { RequestRow } from "./documents";

export type Row = ResultOf<typeof RequestRow>;

function seeds(row: Row): string {
  return row.seedRanges.map(({ seedFirst, seedLast }) => `${seedFirst}–${seedLast}`).join(", ");
}

export function requestColumns(t: TFunction): Column<Row>[] {
  return [
    {
      id: "name",
      head: t("request.name"),
      width: 130,
      sort: "NAME",
      cell: (row) => (
        <Link to="/requests/$name" params={{ name: row.name }}>
          {row.name}
        </Link>
      ),
      text: (row) => row.name,
    },
    {
      id: "intent",
      head: t("request.intent"),
      width: 110,
      sort: "INTENT",
      cell: (row) => <Status word={row.intent} />,
      text: (row) => row.intent,
    },
    {
      id: "execution",
      head: t("request.execution"),
      width: 136,
      cell: (row) => <Status word={row.execution} />,
      text: (row) => row.execution,
    },
    {
      id: "stage",
      head: t("request.stageShort"),
      full: t("request.stage"),
      width: 60,
      sort: "STAGE_NAME",
      cell: (row) => row.stageName,
      text: (row) => row.stageName,
    },
    {
      id: "collision",
      head: "C",
      full: t("request.collision"),
      width: 46,
      cell: (row) => row.collisionType,
      text: (row) => row.collisionType,
    },
    {
      id: "energy",
      head: "E",
      full: t("request.energyFull"),
      width: 56,
      numeric: true,
      sort: "ENERGY_GEV",
      cell: (row) => decimal(row.energyGev, 2),
      text: (row) => row.energyGev,
    },
    {
      id: "polarization",
      head: t("request.polarizationShort"),
      full: t("request.polarization"),
      width: 46,
      cell: (row) => row.polarization,
      text: (row) => row.polarization,
    },
    { id: "tag", head: t("request.tag"), width: 210, cell: (row) => row.tag, text: (row) => row.tag },
    {
      id: "events",
      head: t("request.events"),
      width: 96,
      numeric: true,
      sort: "EVENTS",
      cell: (row) => count(row.events),
      text: (row) => row.events,
    },
    {
      id: "eventsPerFile",
      head: t("request.eventsPerFileShort"),
      full: t("request.eventsPerFile"),
      width: 70,
      numeric: true,
      cell: (row) => count(row.eventsPerFile),
      text: (row) => row.eventsPerFile,
    },
    {
      id: "seeds",
      head: t("request.seedsShort"),
      full: t("request.seeds"),
      width: 120,
      numeric: true,
      cell: seeds,
      text: seeds,
    },
    {
      id: "software",
      head: t("request.software"),
      width: 150,
      cell: (row) => `${row.softwareProject} ${row.softwareVersion}`,
      text: (row) => `${row.softwareProject} ${row.softwareVersion}`,
    },
    {
      id: "campaign",
      head: t("request.campaign"),
      width: 130,
      sort: "CAMPAIGN_NAME",
      cell: (row) => row.campaignName,
      text: (row) => row.campaignName,
    },
    {
      id: "requestedBy",
      head: t("request.requestedBy"),
      width: 90,
      sort: "REQUESTED_BY",
      cell: (row) => row.requestedBy,
      text: (row) => row.requestedBy,
    },
    {
      id: "priority",
      head: t("request.priority"),
      width: 80,
      numeric: true,
      sort: "PRIORITY",
      cell: (row) => count(row.priority),
      text: (row) => row.priority,
    },
    {
      id: "updated",
      head: t("request.updated"),
      width: 110,
      sort: "UPDATED_AT",
      cell: (row) => <span title={utc(row.updatedAt)}>{ago(secondsSince(row.updatedAt))}</span>,
      text: (row) => row.updatedAt,
    },
  ];
}
