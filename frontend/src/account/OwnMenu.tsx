/** Who somebody is here, and the ways to their settings and out; open as soon as it is there. */
import { Menu, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { OWN_HEADERS } from "../api/client";
import { paths } from "../paths";
import type { Viewer } from "./useViewer";

async function logOut(): Promise<void> {
  await fetch("/auth/logout", { method: "POST", headers: OWN_HEADERS });
  // Whatever the panel still holds was read with the rights that have ended.
  window.location.assign("/");
}

export function OwnMenu({ viewer, button }: { viewer: Viewer; button: ReactElement }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>{button}</Menu.Target>
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
