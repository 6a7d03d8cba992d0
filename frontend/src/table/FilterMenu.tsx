/** The choices of a list: the usual ones and those that are in use stand open, the rest behind one button. */
import { Button, MultiSelect, Popover, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Facet } from "./ListPage";

interface Props {
  facets: readonly Facet[];
  chosen: Record<string, string[]>;
  onChoose: (name: string, values: string[]) => void;
}

/** More would push the table out of sight. */
const OPEN = 2;

export function FilterMenu({ facets, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const isOpen = (facet: Facet, index: number) => index < OPEN || chosen[facet.name] !== undefined;
  const closed = facets.filter((facet, index) => !isOpen(facet, index));
  const field = ({ name, label, options }: Facet) => (
    <MultiSelect
      key={name}
      size="xs"
      w={190}
      clearable
      searchable
      aria-label={label}
      placeholder={chosen[name] ? undefined : label}
      data={[...options]}
      value={chosen[name] ?? []}
      onChange={(values) => onChoose(name, values)}
      comboboxProps={{ withinPortal: false }}
    />
  );
  return (
    <>
      {facets.filter(isOpen).map(field)}
      {closed.length > 0 && (
        <Popover position="bottom-start" withArrow>
          <Popover.Target>
            <Button size="xs" variant="default">
              {t("table.moreFilters")}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Stack gap="xs">{closed.map(field)}</Stack>
          </Popover.Dropdown>
        </Popover>
      )}
    </>
  );
}
