/** Any question to the gateway, written by hand, with examples to begin with. */
import { Button, Menu } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import page from "../../ui/page.module.css";
import { part } from "../../ui/part";
import { Loading } from "../../ui/States";
import ui from "../../ui/ui.module.css";
import { EXAMPLES } from "./examples";
import css from "./query.module.css";

const Ide = part(async () => (await import("./Ide")).Ide);

export function QueryPage() {
  const { t } = useTranslation();
  const { query, variables } = useSearch({ from: "/query" });
  return (
    <>
      <header className={`${page.head} ${css.head}`}>
        <h1>{t("nav.query")}</h1>
        <Menu position="bottom-start">
          <Menu.Target>
            <Button size="xs" variant="default">
              {t("query.examples")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {EXAMPLES.map(({ key, text }) => (
              <Menu.Item
                key={key}
                component={Link}
                {...({ to: "/query", search: { query: text } } as object)}
              >
                {t(`query.example.${key}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <span className={ui.age}>{t("query.note")}</span>
      </header>
      <div className={css.ide}>
        <Suspense fallback={<Loading />}>
          <Ide text={query ?? EXAMPLES[0].text} variables={variables ?? ""} />
        </Suspense>
      </div>
    </>
  );
}
