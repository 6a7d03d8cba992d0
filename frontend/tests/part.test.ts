import { expect, test } from "vitest";

import { persistent } from "../src/ui/part";

test("what cannot be loaded is tried again until it can", async () => {
  let tries = 0;
  const load = () => (++tries < 3 ? Promise.reject(new Error("no line")) : Promise.resolve("loaded"));

  expect(await persistent(load, 0)).toBe("loaded");
  expect(tries).toBe(3);
});

test("what can never be loaded is given up with its own error", async () => {
  let tries = 0;
  const never = () => {
    tries++;
    return Promise.reject(new Error("gone"));
  };

  await expect(persistent(never, 0)).rejects.toThrow("gone");
  expect(tries).toBe(60);
});
