import { assertEquals, assertThrows } from "@std/assert";
import { definePromptKind } from "../../lib/prompts/prompt_kind.ts";
import { promptMask, type PromptName, promptTable } from "../../lib/prompts/prompt_table.ts";

/** Pixels of a 224 canvas around a 164 image, per channel; frame: 224² − 164². */
const pixels: Record<PromptName, number> = {
  frame: 23280,
  padding: 23280,
  patch: 3600,
  full: 50176,
  "affine-color": 50176,
};

Deno.test("every kind of prompt has a case", () => {
  assertEquals(Object.keys(pixels).sort(), Object.keys(promptTable).sort());
});

for (const [kind, count] of Object.entries(pixels) as [PromptName, number][]) {
  Deno.test(`promptMask() covers ${count} pixels with a ${kind}`, () => {
    const mask = promptMask(kind, { canvas: 224, image: 164 });
    assertEquals(mask.dims, [3, 224, 224]);
    assertEquals(mask.data.reduce((a, b) => a + b, 0), 3 * count);
  });
}

Deno.test("promptMask() leaves the image inside a frame alone", () => {
  const { data } = promptMask("frame", { canvas: 4, image: 2 });
  assertEquals([...data.subarray(0, 16)], [1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
});

Deno.test("promptMask() rejects an image larger than the canvas", () => {
  assertThrows(() => promptMask("frame", { canvas: 4, image: 5 }), RangeError, "canvas of 4");
});

Deno.test("definePromptKind() takes `picture`, the old name of `placement`", () => {
  const kind = { description: "a bar", covers: (y: number) => y < 2 };
  const now = definePromptKind({ ...kind, placement: "whole" });
  assertEquals(definePromptKind({ ...kind, picture: "whole" }), now);
});
