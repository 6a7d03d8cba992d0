/** Offers to adopt a dataset that belongs to no request known here; the open dialog stands in the address. */
import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../../account/useViewer";
import { part } from "../../../ui/part";
import type { Dataset } from "../DatasetPage";

const AdoptDatasetsDialog = part(async () => (await import("./AdoptDatasetsDialog")).AdoptDatasetsDialog);

export function Adoption({ dataset, onMade }: { dataset: Dataset; onMade: () => void }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/datasets/$did" });
  const show = (what?: string) => void navigate({ to: ".", search: { do: what } });
  if (dataset.request !== null) return null;
  return (
    <>
      {may("ACKNOWLEDGE") && dataset.stepKind !== null && (
        <Button size="xs" mb="sm" onClick={() => show("adopt")}>
          {t("adopt.short")}
        </Button>
      )}
      <Suspense>
        {open === "adopt" && (
          <AdoptDatasetsDialog
            dids={[dataset.did]}
            onMade={() => {
              show();
              onMade();
            }}
            onClose={() => show()}
          />
        )}
      </Suspense>
    </>
  );
}
