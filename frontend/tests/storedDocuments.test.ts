import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";

import { collect, operationsOf } from "../build/storedDocuments";

const ROOT = join(import.meta.dirname, "..");

describe("stored documents", () => {
  it("are all operations of the panel, valid against the committed schema", async () => {
    const schema = buildSchema(readFileSync(join(ROOT, "../schema.graphql"), "utf8"));
    const found = await collect(join(ROOT, "src"));
    expect(found.map(({ name }) => name)).toContain("Requests");
    for (const { name, text } of found) expect([name, validate(schema, parse(text))]).toEqual([name, []]);
  });
  it("cannot be without a name", () => {
    expect(() => operationsOf({ nameless: parse("{ viewer { name } }") })).toThrow("needs a name");
  });
  it("have the hash of exactly what is stored", () => {
    const [one] = operationsOf({ it: parse("query A { viewer { name } }") });
    expect(one?.text).toBe("query A {\n  viewer {\n    name\n    __typename\n  }\n}");
    expect(one?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
