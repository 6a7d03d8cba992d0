import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { storedDocuments } from "./build/storedDocuments";

export default defineConfig({
  plugins: [react(), storedDocuments()],
  base: "/",
  build: {
    // Into the package: the gateway serves it from there, and the wheel carries it.
    outDir: "../gateway/static",
    emptyOutDir: true,
    // GraphiQL's editor is larger than the rest together, and is loaded by its own page only.
    chunkSizeWarningLimit: 4000,
  },
  server: { proxy: { "/graphql": "http://127.0.0.1:8000", "/auth": "http://127.0.0.1:8000" } },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"] },
});
