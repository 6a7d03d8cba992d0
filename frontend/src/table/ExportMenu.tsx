/** The kinds of file that a table can be kept as, open as soon as it is there. */
import { Menu } from "@mantine/core";
import type { ReactElement } from "react";

import type { ExportOf } from "./ExportButton";
import { FILE_KINDS, keep } from "./files";

export function ExportMenu<Row>({ file, columns, rows, button }: ExportOf<Row> & { button: ReactElement }) {
  return (
    <Menu position="bottom-end" defaultOpened>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {FILE_KINDS.map(({ kind, label }) => (
          <Menu.Item key={kind} onClick={() => void keep(kind, file, columns, rows)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
