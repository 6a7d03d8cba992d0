/** What stands in a view's place while it has nothing to show, each case in words of its own. */
import { Alert, Button, Loader } from "@mantine/core";
import type { CombinedError } from "@urql/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { loginPath } from "../account/useViewer";
import css from "./ui.module.css";

export function Loading() {
  const { t } = useTranslation();
  return (
    <div className={css.state} role="status">
      <Loader size="sm" aria-hidden /> {t("state.loading")}
    </div>
  );
}

export function Empty({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  return <p className={css.state}>{children ?? t("state.empty")}</p>;
}

const CODES = { UNAUTHENTICATED: "state.loggedOut", REFUSED: "state.forbidden" } as const;

function codeOf(error: CombinedError): string {
  return String(error.graphQLErrors[0]?.extensions.code ?? "");
}

/** A failed reading; with `partly`, what could be read stands beside it. */
export function Failed({
  error,
  again,
  partly = false,
}: {
  error: CombinedError;
  again?: () => void;
  partly?: boolean;
}) {
  const { t } = useTranslation();
  const key = CODES[codeOf(error) as keyof typeof CODES] ?? (partly ? "state.part" : "state.failed");
  const words = error.graphQLErrors.map((one) => one.message).join("; ") || error.message;
  return (
    <Alert
      color={partly ? "yellow" : "red"}
      classNames={{ title: css.alertTitle ?? "" }}
      title={t(key)}
      role="alert"
      m="sm"
    >
      <p className={css.text}>{words}</p>
      {codeOf(error) === "UNAUTHENTICATED" && <a href={loginPath()}>{t("account.logIn")}</a>}
      {again && (
        <Button size="xs" variant="default" mt="xs" onClick={again}>
          {t("state.again")}
        </Button>
      )}
    </Alert>
  );
}
