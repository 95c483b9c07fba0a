import { assertEquals, assertRejects } from "@std/assert";
import { changes } from "../../lib/drawing/changes/change_table.ts";
import { zooStyles } from "../../lib/drawing/art.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import stage from "../../stages/pretrain_model.ts";

const encoder = { type: "model", digest: "", path: "" };
const cases: readonly [name: string, parameters: Record<string, unknown>, accepted: boolean][] = [
  ["the encoder", { architecture: "encoder", steps: 10 }, true],
  ["the encoder with an encoder", { architecture: "encoder", steps: 10, encoder }, false],
  ["a model without encoder", { architecture: "mini-minigpt4", steps: 10 }, false],
  ["a model", { architecture: "mini-minigpt4", steps: 10, encoder }, true],
  ["an unknown architecture", { architecture: "mini-gpt5", steps: 10, encoder }, false],
  ["no steps", { architecture: "encoder" }, false],
  ["changes", { architecture: "clip", steps: 10, changes: Object.keys(changes) }, true],
  ["an unknown change", { architecture: "clip", steps: 10, changes: ["frost"] }, false],
  ["all styles", { architecture: "clip", steps: 10, styles: zooStyles, typefaces: ["hand"] }, true],
  ["a style that tasks have", { architecture: "clip", steps: 10, styles: ["openmoji"] }, false],
  ["an unknown key", { architecture: "encoder", steps: 10, epochs: 3 }, false],
];

Deno.test("pretrain-model checks its parameters", () => {
  for (const [name, parameters, accepted] of cases) {
    assertEquals(stage.with.safeParse(parameters).success, accepted, name);
  }
});

Deno.test("pretrain-model reads its encoder before it fetches any art", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-encoder-" });
  try {
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "llava"}');
    const parameters = { architecture: "mini-minigpt4", steps: 10, encoder };
    const values = stage.with.parse(parameters);
    const wrong = { ...values, encoder: { ...encoder, path: folder } };
    // Nothing of the context is there: neither a place for downloads nor a signal.
    const run = () => stage.run(wrong as typeof values, {} as StageContext<"model">);
    await assertRejects(run, DiagnosticError, `${folder}/config.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
