import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { noisePrompt, promptRms } from "../../lib/prompts/noise.ts";
import { promptMask, type PromptName, promptTable } from "../../lib/prompts/prompt_table.ts";

const sizes = { canvas: 48, image: 32 };

Deno.test("noisePrompt() lies where its kind does, with the strength asked for", () => {
  for (const kind of Object.keys(promptTable) as PromptName[]) {
    const delta = noisePrompt({ ...sizes, kind }, { rms: 0.3, seed: 1 });
    const mask = promptMask(kind, sizes).data;
    assertEquals(delta.map((x) => x === 0 ? 0 : 1), mask, kind);
    assertAlmostEquals(promptRms({ ...sizes, kind, delta }), 0.3, 0.02);
  }
  const frame = { ...sizes, kind: "frame" } as const;
  assertNotEquals(
    noisePrompt(frame, { rms: 1, seed: 1 }),
    noisePrompt(frame, { rms: 1, seed: 2 }),
  );
});
