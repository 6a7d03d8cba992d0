/** The map of seeds of one physics: who holds which, what overlaps by intent, where the next free ones begin. */
import { Button, Group, TextInput } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { FactList } from "../../ui/FactList";
import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { count } from "../../units/numbers";
import { SeedKeysQuery, SeedMapQuery } from "./documents";
import { colliding, laneOf } from "./lanes";
import css from "./seeds.module.css";

type Map = ResultOf<typeof SeedMapQuery>["seedMap"];

export function SeedsPage() {
  const { t } = useTranslation();
  const { request } = useSearch({ from: "/seeds" });
  return (
    <article className={page.page}>
      <h1>{t("nav.seeds")}</h1>
      <Choice key={request ?? ""} chosen={request ?? ""} />
      {request !== undefined && <MapOfRequest name={request} />}
    </article>
  );
}

function Choice({ chosen }: { chosen: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState(chosen);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: paths.seeds(), search: { request: name.trim() } });
      }}
    >
      <Group align="end" gap="xs" mb="sm">
        <TextInput
          label={t("seeds.of")}
          placeholder="PROD2025-016"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" disabled={name.trim() === ""}>
          {t("seeds.show")}
        </Button>
      </Group>
    </form>
  );
}

function MapOfRequest({ name }: { name: string }) {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: SeedKeysQuery, variables: { name } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.request.__typename === "Absent") return <Empty>{data.request.message}</Empty>;
  const keys = [...new Set(data.request.seedRanges.map(({ physicsKey }) => physicsKey))];
  if (keys.length === 0) return <Empty>{t("seeds.none", { name })}</Empty>;
  return keys.map((key) => <MapOf key={key} physicsKey={key} chosen={name} />);
}

function MapOf({ physicsKey, chosen }: { physicsKey: string; chosen: string }) {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: SeedMapQuery, variables: { physicsKey } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  const map = data.seedMap;
  return (
    <section aria-label={map.physicsKey}>
      <h2 className={page.long}>{map.physicsKey}</h2>
      <FactList
        facts={[
          [t("seeds.taken"), count(map.seedsTaken)],
          [t("seeds.next"), count(map.nextFree)],
        ]}
      />
      <Ranges map={map} chosen={chosen} />
    </section>
  );
}

function Ranges({ map, chosen }: { map: Map; chosen: string }) {
  const { t } = useTranslation();
  const collisions = colliding(map.ranges);
  const last = Math.max(Number(map.nextFree) - 1, ...map.ranges.map(({ seedLast }) => Number(seedLast)));
  const lookOf = (range: Map["ranges"][number]) =>
    collisions.has(range) ? css.collides : range.exemptReason === null ? css.held : css.exempt;
  return (
    <SmallTable
      caption={t("seeds.ranges")}
      file="seeds"
      rows={map.ranges}
      keyOf={({ seedFirst, seedLast, requestName }) => `${seedFirst} ${seedLast} ${requestName}`}
      columns={[
        {
          id: "request",
          head: t("request.name"),
          cell: ({ requestName, exemptReason }) =>
            requestName === null ? (
              exemptReason
            ) : (
              <Link
                to={paths.request(requestName)}
                className={css.name}
                aria-current={requestName === chosen ? "true" : undefined}
              >
                {requestName}
              </Link>
            ),
          text: ({ requestName }) => requestName,
        },
        {
          id: "intent",
          head: t("request.intent"),
          cell: ({ request }) => request && <Status word={request.intent} />,
          text: ({ request }) => request?.intent ?? null,
        },
        {
          id: "first",
          head: t("seeds.first"),
          numeric: true,
          cell: ({ seedFirst }) => count(seedFirst),
          text: ({ seedFirst }) => seedFirst,
        },
        {
          id: "last",
          head: t("seeds.last"),
          numeric: true,
          cell: ({ seedLast }) => count(seedLast),
          text: ({ seedLast }) => seedLast,
        },
        {
          id: "lane",
          head: t("seeds.lane"),
          cell: (range) => {
            const { start, width } = laneOf(range, last);
            return (
              <div className={css.lane} aria-hidden>
                <div
                  className={lookOf(range)}
                  style={{ left: `${start * 100}%`, width: `${width * 100}%` }}
                />
              </div>
            );
          },
        },
        {
          id: "says",
          head: t("seeds.says"),
          cell: (range) => (
            <>
              {collisions.has(range) && <Status word={t("seeds.collides")} tone="bad" />} {range.exemptReason}{" "}
              {!range.isSameScript && t("seeds.otherScript")}
            </>
          ),
          text: (range) =>
            [collisions.has(range) ? t("seeds.collides") : null, range.exemptReason]
              .filter(Boolean)
              .join("; "),
        },
      ]}
    />
  );
}
