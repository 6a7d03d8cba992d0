import { expect, test } from "vitest";

import { home } from "../src/paths";

test("names are put in their places so that none of them can lead elsewhere", () => {
  const address = "https://rucio.test/did?scope={scope}&name={name}";

  expect(home(address, { scope: "MC2025", name: "a&b=c/../?#é" })).toBe(
    "https://rucio.test/did?scope=MC2025&name=a%26b%3Dc%2F..%2F%3F%23%C3%A9",
  );
  expect(home(null, { id: "1" })).toBeNull();
});
