import { describe, expect, it } from "vitest";

import { isKeyed, partsOf } from "../src/table/useLine";

describe("a line with keys", () => {
  it("is told from words and from names of datasets", () => {
    expect(["stage:S2", "minbias -status:DRAFT", "energy:"].map(isKeyed)).toEqual([true, true, true]);
    expect(["27 GeV pp", "MC2025_S1:MC2025_S1.x", "user.prodman:x"].map(isKeyed)).toEqual([
      false,
      false,
      false,
    ]);
  });
  it("is cut where the server says that it is wrong", () => {
    expect(partsOf("stage:S2 enrgy:27", { position: 10, length: 5 })).toEqual(["stage:S2 ", "enrgy", ":27"]);
    expect(partsOf("𝛼 x:1", { position: 3, length: 1 })).toEqual(["𝛼 ", "x", ":1"]);
  });
});
