/** How full the storages are, by their own count where they give it. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { bytes } from "../../units/numbers";
import { Card } from "./Card";
import type { Overview } from "./OverviewPage";
import css from "./overview.module.css";

type Storage = Overview["storages"]["nodes"][number];

const used = ({ usages }: Storage) =>
  usages.find(({ usageKind }) => usageKind === "storage") ??
  usages.find(({ usageKind }) => usageKind === "rucio");

export function StorageUse({ storages }: { storages: readonly Storage[] }) {
  const { t } = useTranslation();
  return (
    <Card title={t("nav.storages")}>
      <ul className={page.plain}>
        {storages.map((storage) => {
          const usage = used(storage);
          return (
            <li key={storage.id} className={css.row}>
              <Link to="/storages/$name" params={{ name: storage.name }}>
                {storage.name}
              </Link>
              <span>
                {usage?.totalBytes && (
                  <progress
                    className={css.bar}
                    max={Number(usage.totalBytes)}
                    value={Number(usage.usedBytes ?? 0)}
                    aria-label={storage.name}
                  />
                )}{" "}
                <span className={css.amounts}>
                  {bytes(usage?.usedBytes)} / {bytes(usage?.totalBytes)}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
