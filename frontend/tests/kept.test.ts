import { describe, expect, it } from "vitest";

import { keptUntil } from "../src/pages/storage/kept";

const rule = (rseExpression: string, expiresAt: string | null) => ({ rseExpression, expiresAt });

describe("a copy is kept", () => {
  it("until the last rule that names its storage ends", () => {
    const rules = [rule("EOS", "2026-01-01"), rule("EOS", "2026-02-01"), rule("TAPE", "2027-01-01")];
    expect(keptUntil("EOS", { expiresAt: null, rules })).toEqual({ until: null, why: "unknown" });
    expect(keptUntil("EOS", { expiresAt: null, rules: rules.slice(0, 2) })).toEqual({ until: "2026-02-01" });
  });
  it("forever when one of them has no end, unless the dataset itself has one", () => {
    const rules = [rule("EOS", null), rule("EOS", "2026-01-01")];
    expect(keptUntil("EOS", { expiresAt: null, rules })).toEqual({ until: null, why: "forever" });
    expect(keptUntil("EOS", { expiresAt: "2026-03-01", rules })).toEqual({ until: "2026-03-01" });
  });
  it("by nobody when there is no rule", () => {
    expect(keptUntil("EOS", { expiresAt: null, rules: [] })).toEqual({ until: null, why: "unprotected" });
  });
});
