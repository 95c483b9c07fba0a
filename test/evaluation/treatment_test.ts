import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Baseline } from "../../lib/evaluation/baselines.ts";
import { treat } from "../../lib/evaluation/treatment.ts";
import type { Prompt } from "../../lib/artifacts/prompt.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const side = 16;

/** A prompt with one value in all of its frame. */
function prompt(value: number, more: Partial<Prompt["meta"]> = {}): Prompt {
  const image = more.image ?? 12;
  const edge = (side - image) / 2;
  const inside = (i: number) => i >= edge && i < side - edge;
  const delta = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side) % side, i % side];
    return inside(y) && inside(x) ? 0 : value;
  });
  return {
    delta: tensor("float32", [3, side, side], delta),
    meta: {
      ...{ kind: "frame", canvas: side, image, task: "pets", method: "vp", loss: { lm: 1 } },
      ...{ sources: [{ name: "zoo/a", digest: "a" }], seed: 4 },
      ...more,
    },
  };
}

const sizes = { canvas: side, image: 12 };
const baseline = (name: Baseline, like: readonly Prompt[] = []) =>
  treat({ prompt: name, like, ...sizes });

const treatments: [string, ReturnType<typeof treat>, unknown][] = [
  ["none", baseline("none"), ["none", null, {}, 0]],
  ["shrunk", baseline("shrunk"), ["shrunk", null, sizes, 0]],
  ["plain", baseline("plain"), ["plain", null, { ...sizes, kind: "frame", rms: 0.25 }, 0.25]],
  [
    "plain, like one prompt",
    baseline("plain", [prompt(0.5)]),
    ["plain", 4, { ...sizes, kind: "frame", like: "vp" }, 0.5],
  ],
  [
    "plain, like two prompts",
    baseline("plain", [prompt(0.1), prompt(0.7, { method: "tvp", seed: 1 })]),
    ["plain", null, { ...sizes, kind: "frame", like: "vp + tvp" }, 0.5],
  ],
];
for (const [name, found, expected] of treatments) {
  Deno.test(`treat() makes ${name}`, () => {
    const { method, seed, treatment, delta } = found;
    assertEquals([method, seed, treatment, Number(delta.rms.toFixed(6))], expected);
    assertAlmostEquals(delta.peak, delta.rms, 1e-6);
  });
}

Deno.test("treat() gives a frame the source of its prompts, if all have the same", () => {
  const other = prompt(0.5, { sources: [{ name: "zoo/b", digest: "b" }] });
  assertEquals(baseline("noise", [prompt(0.5), prompt(0.5)]).sources.length, 1);
  assertEquals(baseline("noise", [prompt(0.5), other]).sources, []);
});

Deno.test("treat() refuses to be like prompts of different sizes", () => {
  const error = assertThrows(
    () => baseline("noise", [prompt(0.5), prompt(0.5, { image: 8 })]),
    DiagnosticError,
  );
  assertEquals(error.diagnostics.map(({ message, notes }) => [message, notes]), [[
    "Cannot make a baseline like 2 prompts: their sizes differ (frame 12 in 16, frame 8 in 16)",
    ["Name prompts of one kind and size in like:"],
  ]]);
});
