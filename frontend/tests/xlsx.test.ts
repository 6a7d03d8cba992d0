import { describe, expect, it } from "vitest";

import { xlsx } from "../src/table/xlsx";

async function text(table: Parameters<typeof xlsx>[0]): Promise<string> {
  return new TextDecoder().decode(await xlsx(table).arrayBuffer());
}

describe("a table as an Excel workbook", () => {
  it("keeps numbers numbers, texts texts and what is not known empty", async () => {
    expect(await text([["Events"], [4000], ["=1+1"], [null]])).toContain(
      '<row><c><v>4000</v></c></row><row><c t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c></row><row><c/></row>',
    );
  });
  it("takes nothing for XML that is text, and leaves out what XML cannot hold", async () => {
    expect(await text([["</t>&\u0000\ud800😀"]])).toContain("&lt;/t&gt;&amp;\ufffd\ufffd😀<");
  });
  it("gives equal tables equal files", async () => {
    expect(await text([["A"], [1]])).toBe(await text([["A"], [1]]));
  });
});
