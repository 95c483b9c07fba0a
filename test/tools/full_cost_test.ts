import { assert, assertEquals } from "@std/assert";
import { fullCost } from "./full_cost.ts";

Deno.test("fullCost() has the published sizes of the models, and the tasks of the pipeline", () => {
  const { models, tasks, hours } = fullCost(200);
  // Published: BLIP-2 with Flan-T5-XL 3.94 billion, VisualGLM 7.8 billion, MiniGPT-4 with 7B 7.83 billion.
  const published = { "blip2": 3.94e9, "visualglm": 7.8e9, "minigpt4": 7.83e9 };
  for (const [name, size] of Object.entries(published)) {
    const { parameters } = models.find((model) => model.name === name)!;
    assert(Math.abs(parameters / size - 1) < 0.005, `${name}: ${parameters}`);
  }
  // As `--plan` of pipelines/paper/full/main.yaml counts them (test/pipelines/shipped_test.ts).
  assertEquals(tasks, { prompts: 24, evaluations: 144 + 72 });
  assertEquals(fullCost(400).hours.prompts, hours.prompts / 2);
});
