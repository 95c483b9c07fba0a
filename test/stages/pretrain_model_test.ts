import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import stage from "../../stages/pretrain_model.ts";

const encoder = { type: "model", digest: "", path: "" };
const cases: readonly [name: string, parameters: Record<string, unknown>, accepted: boolean][] = [
  ["a model", { architecture: "mini-minigpt4", steps: 10, encoder }, true],
  ["a model without encoder", { architecture: "mini-minigpt4", steps: 10 }, false],
  ["an encoder", { architecture: "vit-encoder", steps: 10, encoder }, false],
  ["an unknown architecture", { architecture: "mini-gpt5", steps: 10, encoder }, false],
  ["no steps", { architecture: "mini-minigpt4", encoder }, false],
  ["an unknown key", { architecture: "mini-minigpt4", steps: 10, encoder, epochs: 3 }, false],
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
