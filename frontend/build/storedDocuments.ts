/**
 * Collects every operation of the panel at build time: the server gets the texts, the panel only their hashes.
 *
 * Operations stand in files named `documents.ts`, beside the components that use them. Such a file imports nothing
 * but `graphql()` and other documents, so that it can be loaded here without a browser.
 */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { formatDocument } from "@urql/core";
import { type DocumentNode, Kind, print } from "graphql";
import { type Plugin, runnerImport } from "vite";

const MODULE = "virtual:stored-documents";
const RESOLVED = `\0${MODULE}`;

export interface StoredDocument {
  name: string;
  id: string;
  text: string;
}

function isDocument(value: unknown): value is DocumentNode {
  return typeof value === "object" && value !== null && (value as DocumentNode).kind === Kind.DOCUMENT;
}

/** Return the operations that a module exports, as the client will send them: with `__typename`, printed. */
export function operationsOf(exported: Record<string, unknown>): StoredDocument[] {
  return Object.values(exported)
    .filter(isDocument)
    .flatMap((document) => {
      const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
      if (operation === undefined) return [];
      if (operation.name === undefined) throw new Error("every operation of the panel needs a name");
      const text = print(formatDocument(document));
      const id = `sha256:${createHash("sha256").update(text).digest("hex")}`;
      return [{ name: operation.name.value, id, text }];
    });
}

/** Return the operations of all `documents.ts` below a folder; throw if two share a name. */
export async function collect(root: string): Promise<StoredDocument[]> {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => /(^|[\\/])documents\.ts$/.test(name))
    .sort();
  const found: StoredDocument[] = [];
  for (const file of files) {
    const { module } = await runnerImport<Record<string, unknown>>(join(root, file));
    found.push(...operationsOf(module));
  }
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) throw new Error(`two operations of the panel are called ${name}`);
    names.add(name);
  }
  return found;
}

export function storedDocuments(): Plugin {
  let root = "";
  let documents: Promise<StoredDocument[]>;
  return {
    name: "gateway-stored-documents",
    configResolved(config) {
      root = join(config.root, "src");
    },
    buildStart() {
      documents = collect(root);
    },
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const ids = Object.fromEntries((await documents).map((one) => [one.name, one.id]));
      return `export const documentIds = ${JSON.stringify(ids)};`;
    },
    async generateBundle() {
      const texts = Object.fromEntries((await documents).map((one) => [one.id, one.text]));
      this.emitFile({
        type: "asset",
        fileName: "documents.json",
        source: `${JSON.stringify(texts, null, 1)}\n`,
      });
    },
  };
}
