import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import en from "../src/i18n/en.json";
import ru from "../src/i18n/ru.json";

const PLURAL = /_(zero|one|two|few|many|other)$/;

function keysOf(tree: object, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string"
      ? [prefix + key.replace(PLURAL, "")]
      : keysOf(value as object, `${prefix}${key}.`),
  );
}

function textsOf(tree: object, prefix = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[prefix + key, value]] : textsOf(value as object, `${prefix}${key}.`),
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe("the two languages", () => {
  it("have the same keys", () => {
    expect(new Set(keysOf(ru))).toEqual(new Set(keysOf(en)));
  });
  it("have the plural forms that Russian needs", () => {
    const keys = textsOf(ru).map(([key]) => key);
    const plural = keys.filter((key) => key.endsWith("_one"));
    expect(plural.length).toBeGreaterThan(0);
    for (const key of plural)
      for (const form of ["few", "many", "other"]) expect(keys).toContain(key.replace(/_one$/, `_${form}`));
  });
  it("fill in the same values", () => {
    const russian = new Map(textsOf(ru));
    for (const [key, text] of textsOf(en))
      expect([key, placeholders(russian.get(key) ?? text)]).toEqual([key, placeholders(text)]);
  });
  it("hold every word that is shown: no component has text of its own", () => {
    const root = join(import.meta.dirname, "../src");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".tsx"),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const source = readFileSync(join(root, file), "utf8");
      const texts = [...source.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+)\s*</g)].map(([, text]) => text);
      expect([file, texts]).toEqual([file, []]);
    }
  });
});
