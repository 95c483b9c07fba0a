import { assertEquals, assertThrows } from "@std/assert";
import { promptTable } from "../../lib/prompts/prompt_table.ts";
import { augmentations } from "../../lib/training/augment.ts";
import { type GivenChoices, resolveChoices } from "../../lib/training/choices.ts";
import { methods } from "../../lib/training/method_table.ts";
import { optimizers } from "../../lib/training/optimizer.ts";
import optimizePrompt from "../../stages/optimize_prompt.ts";

const labels: readonly [GivenChoices, string][] = [
  [{}, "tvp"],
  [{ loss: "vp" }, "vp"],
  [{ loss: { lm: 1, fca: 2 } }, "1 lm + 2 fca"],
  [{ loss: "vp", kind: "frame", optimizer: "reference", augment: "flip-crop" }, "vp"],
  [{ loss: "tvp", kind: "patch", optimizer: "adam", augment: "none" }, "tvp, patch, adam, none"],
  [{ method: "evp" }, "evp"],
  [{ method: "evp", loss: "vp" }, "evp"],
  [{ method: "evp", loss: "tvp", optimizer: "adam" }, "evp, tvp, adam"],
  [{ method: "acavp", augment: "none" }, "acavp, none"],
  [{ loss: "mine", variants: { mine: { lm: 2 } } }, "mine"],
  [{ method: "evp", label: "as published" }, "as published"],
];

Deno.test("resolveChoices() names the method and what differs from it", () => {
  for (const [given, label] of labels) assertEquals(resolveChoices(given).label, label);
});

Deno.test("resolveChoices() takes what is given and the method's for the rest", () => {
  assertEquals(resolveChoices({ method: "acavp", loss: "tvp", optimizer: "sgd" }), {
    label: "acavp, tvp, sgd",
    weights: { lm: 1, fca: 0.005, tse: 0.001 },
    kind: "affine-color",
    optimizer: "sgd",
    augment: "trivial-augment",
  });
});

Deno.test("resolveChoices() rejects an unknown method", () => {
  assertThrows(
    () => resolveChoices({ method: "pv" }),
    RangeError,
    'Cannot train method "pv": known methods are "vp", "tvp", "vp-bahng"',
  );
});

Deno.test("every method is made of known choices", () => {
  for (const name of Object.keys(methods)) {
    const { kind, optimizer, augment } = resolveChoices({ method: name });
    assertEquals(
      [kind in promptTable, optimizer in optimizers, augment in augmentations],
      [true, true, true],
      name,
    );
  }
});

Deno.test("optimize-prompt offers what the tables have", () => {
  const { shape } = optimizePrompt.with;
  const options = (name: "method" | "optimizer" | "augment") =>
    shape[name].unwrap().options as readonly string[];
  const [kinds] = (shape.kind.unwrap() as unknown as { options: { options: string[] }[] }).options;
  assertEquals(options("method"), Object.keys(methods));
  assertEquals(kinds!.options, Object.keys(promptTable));
  assertEquals(options("optimizer"), Object.keys(optimizers));
  assertEquals(options("augment"), Object.keys(augmentations));
});
