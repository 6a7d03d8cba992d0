/** What is mine: who I am here, how the panel looks, and my tokens for programs. */
import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { loginPath, useViewer } from "../../account/useViewer";
import { LANGUAGES, type Language, setLanguage } from "../../i18n";
import { FactList } from "../../ui/FactList";
import css from "../../ui/page.module.css";
import { Notifications } from "./Notifications";
import { Tokens } from "./Tokens";

const THEMES = ["auto", "light", "dark"] as const;

export function SettingsPage() {
  const { t, i18n } = useTranslation();
  const { viewer, isLoggedIn, may } = useViewer();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <article className={css.page}>
      <h1>{t("nav.settings")}</h1>
      <section aria-label={t("settings.you")}>
        <h2>{t("settings.you")}</h2>
        {isLoggedIn && viewer ? (
          <>
            <FactList
              facts={[
                [t("person.name"), viewer.name],
                [t("person.username"), viewer.username],
                [t("settings.roles"), viewer.roles.map((role) => t(`role.${role}`)).join(", ")],
              ]}
            />
            <p>
              {t("settings.rights")}: {viewer.rights.join(", ")}
            </p>
          </>
        ) : (
          <p>
            {t("settings.nobody")} <a href={loginPath()}>{t("account.logIn")}</a>
          </p>
        )}
      </section>
      <section aria-label={t("settings.look")}>
        <h2>{t("settings.look")}</h2>
        <div className={css.line}>
          <SegmentedControl
            size="xs"
            aria-label={t("app.language")}
            value={i18n.language}
            onChange={(value) => void setLanguage(value as Language)}
            data={[...LANGUAGES]}
          />
          <SegmentedControl
            size="xs"
            aria-label={t("app.theme")}
            value={colorScheme}
            onChange={(value) => setColorScheme(value as (typeof THEMES)[number])}
            data={THEMES.map((value) => ({ value, label: t(`settings.${value}`) }))}
          />
        </div>
      </section>
      {may("OWN_TOKENS") && <Notifications />}
      {may("OWN_TOKENS") && <Tokens />}
    </article>
  );
}
