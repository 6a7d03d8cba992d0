/** "This page's query": what the open view asked for, to be pasted into a shell, a script or the query page. */
import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCode } from "@tabler/icons-react";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { part } from "../ui/part";
import css from "./shell.module.css";

// It prints documents, which takes a part of the library that no other page needs.
const PageQueryDialog = part(async () => (await import("./PageQueryDialog")).PageQueryDialog);

export function PageQuery() {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconCode size={14} aria-hidden />} onClick={open}>
        <span className={css.searchWords}>{t("query.thisPage")}</span>
      </Button>
      {isOpen && (
        <Suspense>
          <PageQueryDialog close={close} />
        </Suspense>
      )}
    </>
  );
}
