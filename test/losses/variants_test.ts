import { assertEquals, assertThrows } from "@std/assert";
import { resolveLoss } from "../../lib/losses/variants.ts";

const cases = [
  ["a built-in variant", "vp", {}, { method: "vp", weights: { lm: 1 } }],
  [
    "a variant of the pipeline's own",
    "tvp",
    { tvp: { tse: 0.1, lm: 1, fca: 0.02 } },
    { method: "tvp", weights: { lm: 1, fca: 0.02, tse: 0.1 } },
  ],
  [
    "an inline map, whose zeros say nothing",
    { fca: 0.5, lm: 1, tse: 0 },
    {},
    { method: "1 lm + 0.5 fca", weights: { lm: 1, fca: 0.5 } },
  ],
] as const;

for (const [name, loss, variants, expected] of cases) {
  Deno.test(`resolveLoss() resolves ${name}`, () => {
    assertEquals(resolveLoss(loss, variants), expected);
  });
}

Deno.test("resolveLoss() names the known variants", () => {
  assertThrows(
    () => resolveLoss("tpv"),
    RangeError,
    'Cannot train with loss "tpv": known variants: "vp", "tvp", "lm+fca", "lm+tse"',
  );
});

Deno.test("resolveLoss() rejects a loss without terms", () => {
  assertThrows(() => resolveLoss({ lm: 0 }), RangeError, "every weight is 0");
});
