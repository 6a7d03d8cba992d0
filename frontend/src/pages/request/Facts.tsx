/** What was asked for, in one glance. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { paths } from "../../paths";
import ui from "../../ui/ui.module.css";
import { count, decimal, UNKNOWN } from "../../units/numbers";
import type { Request } from "./RequestPage";

export function Facts({ request }: { request: Request }) {
  const { t } = useTranslation();
  const ranges = request.seedRanges.map(
    ({ seedFirst, seedLast }) => `${count(seedFirst)}–${count(seedLast)}`,
  );
  const seeds = (
    <Link to={paths.seeds()} search={{ request: request.name }} title={t("seeds.map")}>
      {ranges.join(", ")}
    </Link>
  );
  const facts: [string, ReactNode][] = [
    [t("request.events"), count(request.events)],
    [t("request.jobs"), `${count(request.jobs)} × ${count(request.eventsPerFile)}`],
    [t("request.seeds"), ranges.length > 0 ? seeds : UNKNOWN],
    [
      t("request.collision"),
      `${request.collisionType} ${request.polarization}, √s = ${decimal(request.energyGev, 2)} GeV`,
    ],
    [t("request.stage"), request.stageName],
    [t("request.geometry"), request.geometries.map(({ name }) => name).join(", ") || UNKNOWN],
    [t("request.software"), `${request.softwareProject} ${request.softwareVersion}`],
    [t("request.campaign"), request.campaignName ?? UNKNOWN],
    [t("request.priority"), count(request.priority)],
    [t("request.requestedBy"), request.requester?.displayName ?? request.requestedBy ?? UNKNOWN],
  ];
  const related = [
    ...request.relations.map(({ kind, other }) => ({ kind, name: other.name })),
    ...request.relatedFrom.map(({ kind, request: other }) => ({ kind: `← ${kind}`, name: other.name })),
  ];
  if (related.length > 0)
    facts.push([
      t("request.relations"),
      related.map(({ kind, name }) => (
        <div key={kind + name}>
          {kind}{" "}
          <Link to="/requests/$name" params={{ name }}>
            {name}
          </Link>
        </div>
      )),
    ]);
  return (
    <>
      <dl className={ui.facts}>
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {request.description && <p className={ui.text}>{request.description}</p>}
    </>
  );
}
