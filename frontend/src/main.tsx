import "@mantine/core/styles.css";
import "@mantine/spotlight/styles.css";
import "./app/global.css";

import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { client } from "./api/client";
import { router } from "./app/router";
import { THEME_KEY, theme } from "./app/theme";
import { startLanguage } from "./i18n";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no place to draw in");

// The view's own part comes while the words do, not after them.
void router.load();
await startLanguage();
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: THEME_KEY })}
    >
      <Provider value={client}>
        <RouterProvider router={router} />
      </Provider>
    </MantineProvider>
  </StrictMode>,
);
