/** What the open view asked for, in the form that is wanted. */
import { Button, Modal, SegmentedControl } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { type Asked, onAsked, queriesOfPage } from "../api/asked";
import { ENDPOINT } from "../api/client";
import { asCurl, asPython, readable } from "../pages/query/scripts";
import page from "../ui/page.module.css";
import css from "./shell.module.css";

const FORMS = ["GraphQL", "curl", "Python"] as const;
type Form = (typeof FORMS)[number];

export function PageQueryDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const asked = useSyncExternalStore(onAsked, queriesOfPage);
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={t("query.thisPageTitle")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      {asked.length === 0 && <p>{t("query.nothingAsked")}</p>}
      {asked.map((one) => (
        <One key={one.name} asked={one} close={close} />
      ))}
    </Modal>
  );
}

function One({ asked, close }: { asked: Asked; close: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>("GraphQL");
  const clipboard = useClipboard();
  const query = { text: readable(asked.text), variables: asked.variables };
  const url = new URL(ENDPOINT, window.location.href).href;
  const text = { GraphQL: query.text, curl: asCurl(query, url), Python: asPython(query, url) }[form];
  return (
    <section aria-label={asked.name}>
      <div className={page.line}>
        <strong>{asked.name}</strong>
        <SegmentedControl
          size="xs"
          aria-label={t("query.form")}
          value={form}
          onChange={(value) => setForm(value as Form)}
          data={[...FORMS]}
        />
        <Button size="compact-xs" variant="default" onClick={() => clipboard.copy(text)}>
          {clipboard.copied ? t("query.copied") : t("query.copy")}
        </Button>
        <Link
          to="/query"
          search={{ query: query.text, variables: JSON.stringify(query.variables, null, 2) }}
          onClick={close}
        >
          {t("query.open")}
        </Link>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre className={css.code} tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}
