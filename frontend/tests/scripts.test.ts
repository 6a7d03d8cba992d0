import { describe, expect, it } from "vitest";

import { asCurl, asPython, readable } from "../src/pages/query/scripts";
import { seedsOf } from "../src/units/seeds";

const URL = "http://127.0.0.1:8000/graphql";

describe("a query to take along", () => {
  it("is a line that a shell does not take apart", () => {
    const line = asCurl({ text: 'query Q { a(x: "it\'s") }', variables: {} }, URL);
    expect(line).toBe(
      `curl '${URL}' -H 'Content-Type: application/json' \\\n  --data-raw '{"query":"query Q { a(x: \\"it'\\''s\\") }"}'`,
    );
  });
  it("is Python with Python's words for nothing, yes and no", () => {
    const text = asPython({ text: "{ a }", variables: { a: null, b: true, c: [1, "x"] } }, URL);
    expect(text).toContain('variables = {"a": None, "b": True, "c": [1, "x"]}');
  });
  it("leaves out what only the cache needs", () => {
    expect(readable("{\n  a {\n    b\n    __typename\n  }\n}")).toBe("{\n  a {\n    b\n  }\n}");
  });
});

describe("missing seeds", () => {
  it("are counted, and named one by one", () => {
    expect(seedsOf("10417,11288-11290", 40)).toEqual({ seeds: [10417, 11288, 11289, 11290], total: 4 });
    expect(seedsOf("1-1000000", 2)).toEqual({ seeds: [1, 2], total: 1000000 });
  });
});
