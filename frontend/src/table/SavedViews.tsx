/** Views of a list that a person gave a name: filters, order and columns, kept in this browser. */
import { ActionIcon, Button, Group, Popover, Stack, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import { Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type ListSearch, readListSearch } from "./search";

interface View {
  name: string;
  search: ListSearch;
}

/** What another version of the panel left there is passed over. */
function readViews(text: string | undefined): View[] {
  if (text === undefined) return [];
  try {
    const found: unknown = JSON.parse(text);
    if (!Array.isArray(found)) return [];
    return found.flatMap((one: Partial<View> | null) =>
      typeof one?.name === "string"
        ? [{ name: one.name, search: readListSearch((one.search ?? {}) as Record<string, unknown>) }]
        : [],
    );
  } catch {
    return [];
  }
}

export function SavedViews({ search }: { search: ListSearch }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [views, setViews] = useLocalStorage<View[]>({
    key: `gateway-views:${pathname}`,
    defaultValue: [],
    deserialize: readViews,
  });
  const [name, setName] = useState("");
  const keep = () => {
    if (name.trim() === "") return;
    setViews([...views.filter((one) => one.name !== name.trim()), { name: name.trim(), search }]);
    setName("");
  };
  return (
    <Popover position="bottom-end" withArrow>
      <Popover.Target>
        <Button size="xs" variant="default">
          {t("table.views")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {views.map((view) => (
            <Group key={view.name} justify="space-between" wrap="nowrap">
              <Link to="." search={() => view.search}>
                {view.name}
              </Link>
              <ActionIcon
                size="sm"
                variant="default"
                aria-label={t("table.forgetView", { name: view.name })}
                onClick={() => setViews(views.filter((one) => one.name !== view.name))}
              >
                <IconX size={12} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Group gap="xs" wrap="nowrap">
            <TextInput
              size="xs"
              aria-label={t("table.viewName")}
              placeholder={t("table.viewName")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              onKeyDown={(event) => event.key === "Enter" && keep()}
            />
            <Button size="xs" onClick={keep}>
              {t("table.keepView")}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
