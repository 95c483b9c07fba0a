import { assertEquals, assertThrows } from "@std/assert";
import { decodePrompt, encodePrompt, type PromptMeta } from "../../lib/artifacts/prompt.ts";
import { appliedPrompt } from "../../lib/evaluation/applied_prompt.ts";
import { initialParameters, parameterPlaces } from "../../lib/prompts/prompt_parameters.ts";
import { parameterTensors } from "../../lib/tensor/flat_parameters.ts";
import type { PromptName } from "../../lib/prompts/prompt_table.ts";
import { encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { zeros } from "../../lib/tensor/tensor.ts";

const sizes = { canvas: 8, image: 4 };

function promptOf(kind: PromptName) {
  const meta: PromptMeta = {
    kind,
    ...sizes,
    sources: [],
    task: "t",
    method: "m",
    loss: {},
    seed: 1,
  };
  const { delta, ...transformation } = parameterTensors(
    parameterPlaces(kind, sizes),
    initialParameters(kind, sizes),
  );
  const transformed = Object.keys(transformation).length > 0;
  return { delta: delta!, ...(transformed ? { transformation } : {}), meta };
}

Deno.test("decodePrompt() reads every kind as it was written", () => {
  for (const kind of ["frame", "padding", "affine-color"] as const) {
    const prompt = promptOf(kind);
    const bytes = encodePrompt(prompt);
    assertEquals(decodePrompt(bytes), prompt);
    assertEquals(encodePrompt(decodePrompt(bytes)), bytes);
  }
});

Deno.test("decodePrompt() reads the placement of a prompt's own kind by its old name", () => {
  const { delta, meta } = promptOf("frame");
  const old = encodePrompt({ delta, meta: { ...meta, kind: "disc", picture: "whole" } as never });
  assertEquals(decodePrompt(old).meta.placement, "whole");
});

Deno.test("decodePrompt() says what is missing", () => {
  const { delta, meta } = promptOf("affine-color");
  const frame = promptOf("frame");
  const { kind: _, ...kindless } = frame.meta;
  const withMeta = (change: Record<string, unknown>) =>
    encodePrompt({ ...frame, meta: { ...frame.meta, ...change } as never });
  const withDelta = (x: unknown) => encodePrompt({ ...frame, delta: x as never });
  const cases: readonly [Uint8Array, string][] = [
    [encodeSafetensors({ delta }), 'its metadata have no entry "prompt"'],
    [encodeSafetensors({ delta }, { prompt: "{" }), "its metadata are not JSON"],
    [
      encodeSafetensors({ delta }, { prompt: "null" }),
      "in its metadata it must be a map, but is null",
    ],
    [encodePrompt({ ...frame, meta: kindless as never }), "kind must be text, but is missing"],
    [
      withMeta({ kind: "disc" }),
      'its kind is "disc", known kinds are frame, padding, patch, full, affine-color;',
    ],
    [
      withMeta({ kind: "disc", placement: "half" }),
      'placement must be shrunk or whole, but is "half"',
    ],
    [withMeta({ canvas: -8 }), "canvas must be a whole number from 1, but is -8"],
    [withMeta({ canvas: "8" }), 'canvas must be a whole number from 1, but is "8"'],
    [withMeta({ canvas: 8.5 }), "canvas must be a whole number from 1, but is 8.5"],
    [withMeta({ image: 9 }), "image (9) must not be larger than canvas (8)"],
    [withMeta({ sources: undefined }), "sources must be a list, but is missing"],
    [withMeta({ sources: [{ name: 5 }] }), "sources[0].name must be text, but is 5"],
    [withMeta({ loss: { lm: "x" } }), 'loss.lm must be a number, but is "x"'],
    [withMeta({ seed: "0" }), 'seed must be a whole number or null, but is "0"'],
    [
      withMeta({ canvas: 9 }),
      'expected a tensor "delta" float32 [3, 9, 9], found "delta" float32 [3, 8, 8]',
    ],
    [encodePrompt({ delta, meta }), 'expected a tensor "affine" float32 [2, 3], found "delta"'],
    [withDelta(zeros("float64", [3, 8, 8])), 'found "delta" float64 [3, 8, 8]'],
    [
      withDelta(fromNumbers("float32", [3, 8, 8], Array(192).fill(NaN))),
      'tensor "delta" holds NaN',
    ],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodePrompt(bytes), SyntaxError, message);
  }
});

Deno.test("appliedPrompt() shrinks the image, or leaves it whole", () => {
  assertEquals(appliedPrompt(promptOf("frame")).image, 4);
  assertEquals(appliedPrompt(promptOf("padding")).image, 8);
  const { image, transform } = appliedPrompt(promptOf("affine-color"));
  assertEquals(image, 8);
  const shown = transform!(new Float32Array(192).fill(1));
  assertEquals(shown.reduce((sum, x) => sum + x, 0), 3 * 16);
});
