import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { noiseFrame, plainFrame, promptPeak, promptRms } from "../../lib/prompts/frames.ts";
import { promptMask, type PromptName, promptTable } from "../../lib/prompts/prompt_table.ts";

const sizes = { canvas: 48, image: 32 };

Deno.test("noiseFrame() lies where its kind does, with the strength asked for", () => {
  for (const kind of Object.keys(promptTable) as PromptName[]) {
    const delta = noiseFrame({ ...sizes, kind }, { rms: 0.3, seed: 1 });
    const mask = promptMask(kind, sizes).data;
    assertEquals(delta.map((x) => x === 0 ? 0 : 1), mask, kind);
    assertAlmostEquals(promptRms({ ...sizes, kind, delta }), 0.3, 0.02);
  }
  const frame = { ...sizes, kind: "frame" } as const;
  assertNotEquals(
    noiseFrame(frame, { rms: 1, seed: 1 }),
    noiseFrame(frame, { rms: 1, seed: 2 }),
  );
});

Deno.test("plainFrame() is one grey of the strength asked for", () => {
  const delta = plainFrame({ ...sizes, kind: "frame" }, { rms: 0.3 });
  assertEquals(new Set(delta), new Set([Math.fround(0.3), 0]));
  assertAlmostEquals(promptRms({ ...sizes, kind: "frame", delta }), 0.3, 1e-6);
});

Deno.test("promptPeak() is the largest change of a pixel", () => {
  assertAlmostEquals(promptPeak(Float32Array.of(0.1, -0.7, 0.2)), 0.7, 1e-6);
});
