/** What stands around every view: menu, search, live state, language and theme. */
import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  SegmentedControl,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { AccountMenu } from "../account/AccountMenu";
import { liveState, onLiveChange } from "../api/live";
import { LANGUAGES, type Language, setLanguage } from "../i18n";
import { part } from "../ui/part";
import { NAVIGATION } from "./navigation";
import { PageQuery } from "./PageQuery";
import { SourceNotice } from "./SourceNotice";
import css from "./shell.module.css";

const Palette = part(async () => (await import("./Palette")).Palette);

export function Shell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure();
  // How often it was asked for; the palette opens anew each time.
  const [finding, setFinding] = useState(0);
  const find = () => setFinding((times) => times + 1);
  useHotkeys([["mod+K", find]], []);
  useHotkeys([["/", find]]);
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 168, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={0}
    >
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <AppShell.Header px="sm">
        <Group h="100%" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("app.menu")} />
            <Link to="/" className={css.name}>
              {t("app.name")}
            </Link>
          </Group>
          <Button
            className={css.search}
            variant="default"
            size="xs"
            leftSection={<IconSearch size={14} aria-hidden />}
            rightSection={
              <kbd className={css.key} aria-hidden>
                Ctrl K
              </kbd>
            }
            onClick={find}
          >
            <span className={css.searchWords}>{t("app.search")}</span>
          </Button>
          <Group gap="xs" wrap="nowrap">
            <LiveMark />
            <Group gap="xs" wrap="nowrap" visibleFrom="sm">
              <PageQuery />
              <LookChoices />
            </Group>
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t("app.menu")} className={isOpen ? undefined : css.closed}>
        {NAVIGATION.map(({ key, to }) => (
          <Link
            key={key}
            to={to}
            className={css.link}
            activeProps={{ "aria-current": "page" }}
            activeOptions={{ exact: to === "/" }}
            onClick={close}
          >
            {t(`nav.${key}`)}
          </Link>
        ))}
        {/* The head of a small screen has no room for them. */}
        <Group hiddenFrom="sm" gap="xs" mt="sm" px={10}>
          <LookChoices />
        </Group>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={css.main}>
        <SourceNotice />
        <Outlet />
      </AppShell.Main>
      {finding > 0 && (
        <Suspense>
          <Palette asked={finding} />
        </Suspense>
      )}
    </AppShell>
  );
}

function LiveMark() {
  const { t } = useTranslation();
  const state = useSyncExternalStore(onLiveChange, liveState);
  if (state === "idle") return null;
  return (
    <span role="status" className={css.live} data-state={state} title={t(`live.${state}`)}>
      {t(`live.${state}`)}
    </span>
  );
}

function LookChoices() {
  const { t, i18n } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label={t("app.language")}
        value={i18n.language}
        onChange={(value) => void setLanguage(value as Language)}
        data={[...LANGUAGES]}
      />
      <ActionIcon
        variant="default"
        aria-label={t("app.theme")}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
      >
        {scheme === "dark" ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
      </ActionIcon>
    </>
  );
}
