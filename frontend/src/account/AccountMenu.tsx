/** Who is logged in, as what, and the ways in and out. */
import { Button, Menu, Text } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { OWN_HEADERS } from "../api/client";
import { paths } from "../paths";
import { loginPath, useViewer } from "./useViewer";

async function logOut(): Promise<void> {
  await fetch("/auth/logout", { method: "POST", headers: OWN_HEADERS });
  // Whatever the panel still holds was read with the rights that have ended.
  window.location.assign("/");
}

export function AccountMenu() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { viewer, isKnown, isLoggedIn } = useViewer();
  if (!isKnown) return null;
  if (viewer === null || !isLoggedIn)
    return (
      <Button component="a" href={loginPath()} size="xs">
        {t("account.logIn")}
      </Button>
    );
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconUser size={14} aria-hidden />}
          aria-label={t("account.menu", { name: viewer.name, username: viewer.username })}
        >
          {viewer.username}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Text size="xs" px="sm" py={4}>
          {viewer.name}
          <br />
          {viewer.roles.map((role) => t(`role.${role}`)).join(", ")}
        </Text>
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate({ to: paths.settings() })}>{t("nav.settings")}</Menu.Item>
        <Menu.Item onClick={() => void logOut()}>{t("account.logOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
