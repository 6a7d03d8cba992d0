/** GraphiQL, all of it from our own server. */
import "graphiql/setup-workers/vite";
import "graphiql/style.css";

import { useComputedColorScheme } from "@mantine/core";
import { GraphiQL } from "graphiql";

import { fetcher } from "./fetcher";

/** GraphiQL would remember its tabs and headers; here the address says what is asked. */
const forgetful = {
  getItem: () => null,
  setItem: () => {},
  removeItem: () => {},
  clear: () => {},
  length: 0,
};

export function Ide({ text, variables }: { text: string; variables: string }) {
  const scheme = useComputedColorScheme("light");
  return (
    <GraphiQL
      key={text + variables}
      fetcher={fetcher}
      forcedTheme={scheme}
      initialQuery={text}
      initialVariables={variables}
      isHeadersEditorEnabled={false}
      showPersistHeadersSettings={false}
      storage={forgetful}
    />
  );
}
