/** Ctrl-K: finds anything by name, tag, number or person, and every page. */

import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../api/graphql";
import { paths } from "../paths";
import { LineProblem } from "../table/LineProblem";
import { readLine } from "../table/line";
import { isKeyed, useLine } from "../table/useLine";
import { PaletteQuery } from "./documents";
import { LineActions } from "./LineActions";
import { NAVIGATION } from "./navigation";

/** The server refuses more words in one search; a line of filters may well have more. */
const MOST_WORDS = 8;

type Found = ResultOf<typeof PaletteQuery>["search"][number]["found"];

function entryOf(found: Found): { label: string; note: string; to: string } | null {
  switch (found.__typename) {
    case "Request":
      return { label: found.name, note: found.tag, to: paths.request(found.name) };
    case "Task":
      return {
        label: found.taskName,
        note: `${found.jediTaskId} ${found.status}`,
        to: paths.task(found.jediTaskId),
      };
    case "Dataset":
      return { label: found.did, note: "", to: paths.dataset(found.did) };
    case "Person":
      return {
        label: found.displayName ?? found.username,
        note: found.username,
        to: paths.person(found.username),
      };
    case "Site":
      return { label: found.siteName, note: "CRIC", to: paths.site(found.siteName) };
    case "Storage":
      return { label: found.storageName, note: "Rucio", to: paths.storage(found.storageName) };
    default:
      return null;
  }
}

/** `asked` is how often it was asked for: it opens whenever that grows. */
export function Palette({ asked: times }: { asked: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  useEffect(() => {
    if (times > 0) spotlight.open();
  }, [times]);
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 150);
  const isSearch = asked.length >= 2 && asked.split(/\s+/).length <= MOST_WORDS;
  const [{ data }] = useQuery({ query: PaletteQuery, variables: { text: asked }, pause: !isSearch });
  const go = (to: string) => {
    spotlight.close();
    void navigate({ to });
  };
  const pages = NAVIGATION.filter(({ key }) =>
    t(`nav.${key}`).toLowerCase().includes(text.trim().toLowerCase()),
  );
  // A line with keys goes to the list as it is; one of plain words becomes choices there.
  const keyed = isKeyed(asked) ? asked : null;
  const { isUnderstood, problem } = useLine(keyed);
  const line = keyed === null ? readLine(text) : null;
  const hits = !isSearch
    ? []
    : (data?.search ?? []).map((hit) => entryOf(hit.found)).filter((one) => one !== null);
  return (
    <Spotlight.Root
      query={text}
      onQueryChange={setText}
      // The shell listens: this part of the panel is loaded when it is first wanted.
      shortcut={null}
      scrollable
      maxHeight={460}
    >
      <Spotlight.Search placeholder={t("palette.placeholder")} aria-label={t("app.search")} />
      <Spotlight.ActionsList>
        {line && <LineActions line={line} close={spotlight.close} />}
        {keyed !== null && problem && <LineProblem line={keyed} problem={problem} />}
        {keyed !== null && isUnderstood && (
          <Spotlight.ActionsGroup label={t("palette.understood")}>
            <Spotlight.Action
              label={`${t("nav.requests")}: ${keyed}`}
              onClick={() => {
                spotlight.close();
                void navigate({ to: "/requests", search: { q: keyed } });
              }}
            />
          </Spotlight.ActionsGroup>
        )}
        {hits.length > 0 && (
          <Spotlight.ActionsGroup label={t("palette.found")}>
            {hits.map(({ label, note, to }) => (
              <Spotlight.Action key={to + label} label={label} description={note} onClick={() => go(to)} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {pages.length > 0 && (
          <Spotlight.ActionsGroup label={t("palette.pages")}>
            {pages.map(({ key, to }) => (
              <Spotlight.Action key={key} label={t(`nav.${key}`)} onClick={() => go(to)} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {!line && !isUnderstood && !problem && hits.length === 0 && pages.length === 0 && (
          <Spotlight.Empty>{t("palette.nothing")}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
