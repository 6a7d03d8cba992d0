import { beforeAll, describe, expect, it } from "vitest";

import i18n from "../src/i18n";
import { bytes, count, decimal, percent, UNKNOWN } from "../src/units/numbers";

describe("numbers in English", () => {
  beforeAll(() => i18n.changeLanguage("en"));

  it("groups thousands with a thin space", () => {
    expect(count(40_000_000)).toBe("40\u2009000\u2009000");
  });
  it("does not round whole numbers beyond 2^53", () => {
    expect(count("9007199254740993")).toBe("9\u2009007\u2009199\u2009254\u2009740\u2009993");
  });
  it("never shows what is not known as 0", () => {
    expect([count(null), decimal(undefined), percent(null), bytes(null)]).toEqual(Array(4).fill(UNKNOWN));
    expect(count(0)).toBe("0");
  });
  it("counts bytes in powers of ten", () => {
    expect(bytes(18_300_000_000_000)).toBe("18.3\u2009TB");
    expect(bytes(999)).toBe("999\u2009B");
  });
  it("does not say 100 per cent before everything is there", () => {
    expect(percent(0.99999)).toBe("99.99\u2009%");
    expect(percent(1)).toBe("100\u2009%");
  });
});

describe("numbers in Russian", () => {
  beforeAll(() => i18n.changeLanguage("ru"));

  it("has a decimal comma", () => {
    expect(decimal(2.5)).toBe("2,5");
  });
});
