/** Who is logged in, as what, and the ways in and out. */
import { Box, Button } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { part } from "../ui/part";
import { loginPath, useViewer } from "./useViewer";

const OwnMenu = part(async () => (await import("./OwnMenu")).OwnMenu);

export function AccountMenu() {
  const { t } = useTranslation();
  const [isWanted, setWanted] = useState(false);
  const { viewer, isKnown, isLoggedIn } = useViewer();
  if (!isKnown) return null;
  if (viewer === null || !isLoggedIn)
    return (
      <Button component="a" href={loginPath()} size="xs" aria-label={t("account.logIn")}>
        <Box component="span" visibleFrom="sm">
          {t("account.logIn")}
        </Box>
        <Box component="span" hiddenFrom="sm">
          {t("account.logInShort")}
        </Box>
      </Button>
    );
  const button = (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconUser size={14} aria-hidden />}
      aria-label={t("account.menu", { name: viewer.name, username: viewer.username })}
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
    >
      {viewer.username}
    </Button>
  );
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <OwnMenu viewer={viewer} button={button} />
    </Suspense>
  );
}
