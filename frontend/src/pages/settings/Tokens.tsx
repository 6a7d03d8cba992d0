/** Tokens for programs that read in one's name: made here, their secret shown once, revoked here. */
import { Alert, Button, CopyButton, Group, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation, useQuery } from "urql";

import { Why } from "../../changes/Why";
import css from "../../ui/page.module.css";
import { Failed, Loading } from "../../ui/States";
import ui from "../../ui/ui.module.css";
import { local, utc } from "../../units/times";
import { CreateTokenMutation, RevokeTokenMutation, TokensQuery } from "./documents";

export function Tokens() {
  const { t } = useTranslation();
  const [{ data, error }, again] = useQuery({ query: TokensQuery, requestPolicy: "network-only" });
  const [revoked, revoke] = useMutation(RevokeTokenMutation);
  const refresh = () => again({ requestPolicy: "network-only" });
  const now = Date.now();
  return (
    <section aria-label={t("token.title")}>
      <h2>{t("token.title")}</h2>
      <p className={ui.age}>{t("token.about")}</p>
      <NewToken onMade={refresh} />
      {error && <Failed error={error} again={refresh} />}
      <Why refusal={null} error={revoked.error ?? null} />
      {revoked.data?.revoked.__typename === "AccessTokenRefused" && (
        <p role="alert">{revoked.data.revoked.message}</p>
      )}
      {data === undefined ? (
        !error && <Loading />
      ) : data.viewer.accessTokens.length === 0 ? null : (
        <div className={css.wide}>
          <table className={css.small} aria-label={t("token.title")}>
            <thead>
              <tr>
                <th scope="col">{t("token.name")}</th>
                <th scope="col">{t("token.rights")}</th>
                <th scope="col">{t("token.ends")}</th>
                <th scope="col">{t("token.used")}</th>
                <th scope="col">{t("token.state")}</th>
              </tr>
            </thead>
            <tbody>
              {data.viewer.accessTokens.map((token) => (
                <tr key={String(token.id)}>
                  <th scope="row">{token.name}</th>
                  <td>{token.rights.join(", ")}</td>
                  <td title={utc(token.endsAt)}>{local(token.endsAt)}</td>
                  <td title={utc(token.lastUsedAt)}>{local(token.lastUsedAt)}</td>
                  <td>
                    {token.revokedAt !== null ? (
                      t("token.revoked")
                    ) : Date.parse(token.endsAt) < now ? (
                      t("token.ended")
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={t("token.revokeOne", { name: token.name })}
                        onClick={() => void revoke({ id: token.id }).then(refresh)}
                      >
                        {t("token.revoke")}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function NewToken({ onMade }: { onMade: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [{ data, error, fetching }, create] = useMutation(CreateTokenMutation);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void create({ name: name.trim(), days }).then(() => {
          setName("");
          onMade();
        });
      }}
    >
      <Group align="end" gap="xs">
        <TextInput
          label={t("token.name")}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          w={100}
          label={t("token.days")}
          min={1}
          max={366}
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Number(value) || 1)}
        />
        <Button type="submit" loading={fetching} disabled={name.trim() === ""}>
          {t("token.make")}
        </Button>
      </Group>
      <Why refusal={null} error={error ?? null} />
      {data?.made.__typename === "AccessTokenRefused" && <p role="alert">{data.made.message}</p>}
      {data?.made.__typename === "AccessTokenCreated" && <Secret secret={data.made.secret} />}
    </form>
  );
}

function Secret({ secret }: { secret: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="accent" my="sm" role="status" title={t("token.once")}>
      <Group>
        <code className={css.long}>{secret}</code>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? t("token.copied") : t("token.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}
