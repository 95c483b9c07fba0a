import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { tryModel } from "../../lib/models/try_model.ts";
import type { Model, ValueInfo } from "../../lib/onnx/ir/model.ts";
import { rewriteGraphs } from "../rigs/half_model.ts";
import { writeTinyClip, writeTinyModel } from "../rigs/tiny_models.ts";

const name = "mine";

async function withModel(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-try-" });
  try {
    await test(await writeTinyModel(folder, "mini-minigpt4"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Changes a JSON file of a model. */
async function edit(path: string, file: string, fields: Readonly<Record<string, unknown>>) {
  const place = join(path, file);
  const json = JSON.parse(await Deno.readTextFile(place));
  await Deno.writeTextFile(place, JSON.stringify({ ...json, ...fields }));
}

/** Changes what a graph says about one of its inputs or outputs. */
function retyped(model: Model, found: string, change: (info: ValueInfo) => ValueInfo): Model {
  const changed = (all: readonly ValueInfo[]) => all.map((v) => v.name === found ? change(v) : v);
  const { graph } = model;
  return {
    ...model,
    graph: { ...graph, inputs: changed(graph.inputs), outputs: changed(graph.outputs) },
  };
}

const asIntegers = (info: ValueInfo): ValueInfo => ({
  ...info,
  type: { ...info.type, dtype: "int64" } as ValueInfo["type"],
});

/** What is done to a model, and how the message ends. */
const faults: Readonly<Record<string, readonly [(path: string) => Promise<unknown>, string]>> = {
  "pixels of another type": [
    (path) => rewriteGraphs(path, (model) => retyped(model, "pixel_values", asIntegers)),
    `Cannot use vision_encoder of model "${name}": its input "pixel_values" is of type int64, expected floating-point numbers`,
  ],
  "a decoder without scores": [
    (path) =>
      rewriteGraphs(path, (model) => ({
        ...model,
        graph: {
          ...model.graph,
          outputs: model.graph.outputs.filter((info) => info.name !== "logits"),
        },
      })),
    `Cannot use decoder_model_merged of model "${name}": it has no output "logits", but none`,
  ],
  "a text with a token that no table has": [
    async (path) => {
      const added = [{ id: 999, content: "<far>", special: true, normalized: false }];
      await edit(path, "tokenizer.json", { added_tokens: added });
      await edit(path, "config.json", { image_token_index: 999, image_token_id: 999 });
    },
    `Cannot use model "${name}": it looks tokens up in a table of 288, but its tokenizer gives token 999`,
  ],
};

for (const [fault, [make, message]] of Object.entries(faults)) {
  Deno.test(`tryModel() finds ${fault}`, () =>
    withModel(async (path) => {
      await make(path);
      const error = await assertRejects(() => tryModel({ name, path }), DiagnosticError);
      assertEquals(error.message, message);
    }));
}

Deno.test("tryModel() is content with whole models", () =>
  withModel(async (path) => {
    await tryModel({ name, path });
    await tryModel({ name: "clip", path: await writeTinyClip(join(path, "clip")) });
  }));
