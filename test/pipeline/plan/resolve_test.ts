import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineStage, model } from "../../../lib/pipeline/contract/stage.ts";
import type { StageLookup } from "../../../lib/pipeline/plan/plan.ts";
import { planText, startRig } from "../../rigs/pipeline_rig.ts";
import { PuppetExecutor } from "../../rigs/puppet.ts";

const stageOf = (name: string, fields: z.ZodRawShape, outputs: Record<string, "model" | "json">) =>
  defineStage({
    name,
    description: "Has only a form.",
    with: z.strictObject(fields),
    outputs,
    run: () => Promise.resolve(),
  });

const types = {
  one: stageOf("one", { n: z.number() }, { model: "model", log: "json" }),
  two: stageOf("two", {}, { first: "model", second: "model" }),
  use: stageOf("use", { model: model() }, { value: "json" }),
};

const stages: StageLookup = {
  names: Object.keys(types),
  get: (name) =>
    name in types
      ? { stage: types[name as keyof typeof types], module: `file:///${name}.ts` }
      : undefined,
};

const text = `
name: names
stages:
  plain: { uses: one, with: { n: 1 } }
  each: { uses: one, matrix: { n: [2, 3] }, with: { n: "\${{ matrix.n }}" } }
  pair: { uses: two }
  use-plain: { uses: use, with: { model: "\${{ stages.plain.model }}" } }
  use-each: { uses: use, matrix: { of: "\${{ stages.each.* }}" }, with: { model: "\${{ matrix.of.model }}" } }
  use-pair: { uses: use, with: { model: "\${{ stages.pair.second }}" } }
`;

Deno.test("a model that a task makes is called after the task, and after its output beside others", async () => {
  const names: string[] = [];
  const executor = new PuppetExecutor(({ job, succeed }) => {
    const { model } = job.parameters as { model?: { name: string } };
    if (model !== undefined) names.push(model.name);
    succeed();
  });
  await startRig(await planText(text, { stages }), { executor }).summary;
  assertEquals(names.sort(), ["each[n=2]", "each[n=3]", "pair.second", "plain"]);
});
