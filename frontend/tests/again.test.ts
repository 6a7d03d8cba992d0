import { describe, expect, it } from "vitest";

import { changesOf } from "../src/pages/task/again/changes";

describe("what a task made again has otherwise", () => {
  it("is only what was typed", () => {
    expect(changesOf({ priority: 700, coreCount: "", ramMb: "2000" })).toEqual({
      priority: 700,
      ramMb: 2000,
    });
    expect(changesOf({ priority: 0 })).toEqual({ priority: 0 });
  });
  it("is nothing where nothing was typed", () => {
    expect(changesOf({})).toBeNull();
    expect(changesOf({ maxAttempts: "" })).toBeNull();
  });
});
