import { describe, expect, it } from "vitest";

import cases from "../../tests/data/lines.json";
import { readLine } from "../src/table/line";

describe("a line of words", () => {
  it("is read as an analyst says it", () => {
    expect(readLine("27 GeV pp UU >= 40 M events at JINR")).toEqual({
      is: { energy: ["27"], collision: ["pp"], polarization: ["UU"], atLeast: ["40000000"], at: ["JINR"] },
      q: "",
    });
  });
  it("may be short of spaces and have other signs", () => {
    expect(readLine("13.5GeV ≥40M")).toEqual({ is: { energy: ["13.5"], atLeast: ["40000000"] }, q: "" });
    expect(readLine("S2 < 5k events")).toEqual({ is: { stage: ["S2"], atMost: ["4999"] }, q: "" });
  });
  it("keeps the words it does not know", () => {
    expect(readLine("minbias dd PARTIAL")).toEqual({
      is: { collision: ["dd"], execution: ["PARTIAL"] },
      q: "minbias",
    });
  });
  it("stays a search when it is only words", () => {
    expect(readLine("PROD2025-013")).toBeNull();
    expect(readLine("")).toBeNull();
  });
  // The gateway's own tests read the same file: a line means the same in the panel and everywhere else.
  const shared: { line: string; panel?: unknown }[] = cases;
  it.each(shared.filter((one) => one.panel !== undefined))(
    "means what the gateway takes it for: $line",
    (one) => {
      expect(readLine(one.line)).toEqual(one.panel);
    },
  );
});
