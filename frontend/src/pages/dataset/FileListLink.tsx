/** The address of a sample's file list: it stays the same, and is copied by one press. */
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { fileList } from "../../paths";
import page from "../../ui/page.module.css";
import ui from "../../ui/ui.module.css";
import type { Dataset } from "./DatasetPage";

const PROTOCOLS = ["root", "davs"] as const;
type Protocol = (typeof PROTOCOLS)[number];

export function FileListLink({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const [site, setSite] = useState<string | null>(null);
  const [protocol, setProtocol] = useState<Protocol>("root");
  const clipboard = useClipboard();
  const { requestName, stepKind, dataType } = dataset;
  if (requestName === null || stepKind === null || dataType === null || dataType === "log") return null;
  const path = fileList(requestName, stepKind, dataType, { site, protocol });
  const address = new URL(path, window.location.href).href;
  const sites = new Set(dataset.replicas.flatMap(({ storage }) => storage?.site?.name ?? []));
  return (
    <section aria-label={t("dataset.fileList")}>
      <h2>{t("dataset.fileList")}</h2>
      <p className={ui.age}>{t("dataset.fileListAbout", { request: requestName, kind: stepKind })}</p>
      <div className={page.line}>
        <a className={page.long} href={path}>
          {address}
        </a>
        <Button size="xs" onClick={() => clipboard.copy(address)}>
          {clipboard.copied ? t("token.copied") : t("dataset.copyAddress")}
        </Button>
        <Select
          size="xs"
          w={170}
          clearable
          aria-label={t("dataset.near")}
          placeholder={t("dataset.near")}
          data={[...sites].sort()}
          value={site}
          onChange={setSite}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("dataset.protocol")}
          value={protocol}
          onChange={(value) => setProtocol(value as Protocol)}
          data={[...PROTOCOLS]}
        />
      </div>
    </section>
  );
}
