/** What one is told of by e-mail: chosen here, sent only to an address that its owner confirmed. */
import { Button, Checkbox, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation, useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import { Why } from "../../changes/Why";
import css from "../../ui/page.module.css";
import { Failed, Loading } from "../../ui/States";
import ui from "../../ui/ui.module.css";
import {
  ConfirmAddressMutation,
  ForgetNotificationsMutation,
  NotificationsQuery,
  SetNotificationsMutation,
} from "./documents";

type Settings = NonNullable<ResultOf<typeof NotificationsQuery>["notificationSettings"]>;
type Kind = Settings["kinds"][number];

const KINDS = [
  "REQUEST_STATE",
  "SUBMISSION_SETTLED",
  "SUBMISSION_REFUSED",
  "SUBMISSION_NEEDS_LOGIN",
  "SUBMISSION_STUCK",
  "TASK_FINISHED",
  "TASK_FAILED",
  "TASK_BROKEN",
  "FINDING_OPENED",
  "SOURCE_SILENT",
  "SOURCE_BACK",
  "CHECK_FAILED",
  "CHECK_RECOVERED",
] as const satisfies readonly Kind[];

export function Notifications() {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: NotificationsQuery, requestPolicy: "network-only" });
  const refresh = () => again({ requestPolicy: "network-only" });
  const settings = data?.notificationSettings;
  return (
    <section aria-label={t("notify.title")}>
      <h2>{t("notify.title")}</h2>
      {error && <Failed error={error} again={refresh} />}
      {data === undefined ? (
        !error && <Loading />
      ) : !settings ? null : settings.isMailPossible ? (
        <Choice key={JSON.stringify(settings)} settings={settings} onChanged={refresh} />
      ) : (
        <p className={ui.age}>{t("notify.noMail")}</p>
      )}
    </section>
  );
}

function Choice({ settings, onChanged }: { settings: Settings; onChanged: () => void }) {
  const { t } = useTranslation();
  const [kinds, setKinds] = useState<ReadonlySet<Kind>>(new Set(settings.kinds));
  const [onlyOwn, setOnlyOwn] = useState(settings.onlyOwn);
  const [address, setAddress] = useState(settings.address ?? "");
  const [kept, keep] = useMutation(SetNotificationsMutation);
  const [forgotten, forget] = useMutation(ForgetNotificationsMutation);
  const toggle = (kind: Kind, isChosen: boolean) => {
    const next = new Set(kinds);
    if (isChosen) next.add(kind);
    else next.delete(kind);
    setKinds(next);
  };
  const isNewAddress = address.trim() !== (settings.address ?? "");
  const refused = [kept.data?.change, forgotten.data?.change].find((one) => one?.__typename === "Refused");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void keep({
          kinds: KINDS.filter((kind) => kinds.has(kind)),
          onlyOwn,
          address: isNewAddress ? address.trim() : null,
        }).then(({ data }) => data?.change.__typename === "NotificationsSet" && onChanged());
      }}
    >
      <TextInput
        type="email"
        maw={360}
        label={t("notify.address")}
        description={settings.isConfirmed && !isNewAddress ? t("notify.confirmed") : t("notify.code")}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <fieldset className={css.plainSet}>
        <legend>{t("notify.of")}</legend>
        {KINDS.map((kind) => (
          <Checkbox
            key={kind}
            my={6}
            label={t(`notify.kind.${kind}`)}
            checked={kinds.has(kind)}
            onChange={(event) => toggle(kind, event.currentTarget.checked)}
          />
        ))}
      </fieldset>
      <Checkbox
        my="sm"
        label={t("notify.onlyOwn")}
        checked={onlyOwn}
        onChange={(event) => setOnlyOwn(event.currentTarget.checked)}
      />
      <Group gap="xs">
        <Button type="submit" size="xs" loading={kept.fetching} disabled={address.trim() === ""}>
          {t("notify.keep")}
        </Button>
        {settings.address !== null && (
          <Button
            size="xs"
            variant="default"
            loading={forgotten.fetching}
            onClick={() =>
              void forget({}).then(
                ({ data }) => data?.change.__typename === "NotificationsSet" && onChanged(),
              )
            }
          >
            {t("notify.forget")}
          </Button>
        )}
      </Group>
      <Why refusal={null} error={kept.error ?? forgotten.error ?? null} />
      {refused?.__typename === "Refused" && (
        <p className={ui.text} role="alert">
          {refused.message}
        </p>
      )}
      {settings.address !== null && !settings.isConfirmed && <Code onConfirmed={onChanged} />}
    </form>
  );
}

/** The code that was sent to a new address; until it is named, nothing else is sent there. */
function Code({ onConfirmed }: { onConfirmed: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [{ data, error, fetching }, confirm] = useMutation(ConfirmAddressMutation);
  return (
    <div className={css.notice}>
      <Group align="end" gap="xs">
        <TextInput
          size="xs"
          label={t("notify.named")}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button
          size="xs"
          loading={fetching}
          disabled={code.trim() === ""}
          onClick={() =>
            void confirm({ code: code.trim() }).then(
              (answer) => answer.data?.change.__typename === "NotificationsSet" && onConfirmed(),
            )
          }
        >
          {t("notify.confirm")}
        </Button>
      </Group>
      <Why refusal={null} error={error ?? null} />
      {data?.change.__typename === "Refused" && <p role="alert">{data.change.message}</p>}
    </div>
  );
}
