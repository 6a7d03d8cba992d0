/** Choosing the moment a production is shown at; while it is a past one, that is said and nothing can be changed. */
import { Button, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { local, utc } from "../../units/times";

/** A moment as the browser's own control writes it: local time, to the minute. */
function written(asOf: string): string {
  const moment = new Date(asOf);
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

export function AsOf({ asOf }: { asOf: string | null }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const show = (moment: string | undefined) =>
    void navigate({ to: ".", search: { asOf: moment }, replace: true });
  return (
    <div className={page.line}>
      <TextInput
        type="datetime-local"
        size="xs"
        aria-label={t("asOf.label")}
        title={t("asOf.label")}
        value={asOf === null ? "" : written(asOf)}
        onChange={(event) => {
          const moment = new Date(event.currentTarget.value);
          if (Number.isFinite(moment.getTime())) show(moment.toISOString());
        }}
      />
      {asOf !== null && (
        <div className={page.notice} role="status">
          <span title={utc(asOf)}>{t("asOf.shown", { moment: local(asOf) })}</span>{" "}
          <Button size="compact-xs" variant="default" onClick={() => show(undefined)}>
            {t("asOf.now")}
          </Button>
        </div>
      )}
    </div>
  );
}
