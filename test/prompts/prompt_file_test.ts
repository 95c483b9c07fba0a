import { assertEquals, assertThrows } from "@std/assert";
import {
  appliedPrompt,
  decodePrompt,
  encodePrompt,
  type PromptMeta,
} from "../../lib/prompts/prompt_file.ts";
import {
  initialParameters,
  parameterPlaces,
  parameterTensors,
} from "../../lib/prompts/prompt_parameters.ts";
import type { PromptName } from "../../lib/prompts/prompt_table.ts";
import { encodeSafetensors } from "../../lib/tensor/safetensors.ts";
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

Deno.test("decodePrompt() says what is missing", () => {
  const { delta, meta } = promptOf("affine-color");
  const cases: readonly [Uint8Array, string][] = [
    [encodeSafetensors({ delta }), 'expected a float32 tensor "delta" and metadata "prompt"'],
    [encodePrompt({ delta, meta }), 'tensors "delta", "affine", "color"'],
    [
      encodePrompt({ delta, meta: { ...meta, kind: "disc" as never } }),
      'its kind is "disc", known are frame',
    ],
    [
      encodePrompt({ delta: zeros("float64", [1]) as never, meta: promptOf("frame").meta }),
      "found tensors delta",
    ],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodePrompt(bytes), SyntaxError, message);
  }
});

Deno.test("appliedPrompt() shrinks the picture, or leaves it whole", () => {
  assertEquals(appliedPrompt(promptOf("frame")).image, 4);
  assertEquals(appliedPrompt(promptOf("padding")).image, 8);
  const { image, transform } = appliedPrompt(promptOf("affine-color"));
  assertEquals(image, 8);
  const shown = transform!(new Float32Array(192).fill(1));
  assertEquals(shown.reduce((sum, x) => sum + x, 0), 3 * 16);
});
