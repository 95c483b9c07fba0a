import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { tryModel } from "../../lib/models/try_model.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
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
    `Cannot use decoder_model_merged of model "${name}": it has no output "logits", and no other`,
  ],
  "a graph of an operator set that is too old": [
    (path) =>
      rewriteGraphs(path, (model) => {
        const isTable = model.graph.inputs.some((info) => info.name === "input_ids");
        return isTable ? { ...model, opset: 5 } : model;
      }),
    `Cannot use model "${name}": Cannot upgrade a model of operator set 5: the oldest that is supported is 7`,
  ],
  "a past that no memory holds": [
    (path) =>
      rewriteGraphs(path, (model) =>
        retyped(model, "past_key_values.0.key", (info) => ({
          ...info,
          type: { ...info.type, dims: ["batch", 2 ** 20, 2 ** 20, 16] } as ValueInfo["type"],
        }))),
    `Cannot compose a model: input "past_key_values.0.key" declares a past of 1×1048576×1048576×16 numbers`,
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

Deno.test("tryModel() leaves a fault of this program what it is", () =>
  withModel(async (path) => {
    using _broken = replaced(GraphBuilder.prototype, "input", () => {
      throw new TypeError("Cannot read properties of undefined");
    });
    await assertRejects(() => tryModel({ name, path }), TypeError, "Cannot read properties");
  }));

Deno.test("tryModel() reads each graph once", () =>
  withModel(async (path) => {
    const read: string[] = [];
    const readFile = Deno.readFile;
    using _counted = replaced(Deno, "readFile", (file, options) => {
      if (String(file).endsWith(".onnx")) read.push(basename(String(file)));
      return readFile(file, options);
    });
    await tryModel({ name, path });
    assertEquals(read.sort(), [
      "decoder_model_merged.onnx",
      "embed_tokens.onnx",
      "vision_encoder.onnx",
    ]);
  }));

/** A method in place of another one, until it is disposed. */
function replaced<T, K extends keyof T>(object: T, method: K, by: T[K]): Disposable {
  const own = object[method];
  object[method] = by;
  return {
    [Symbol.dispose]: () => {
      object[method] = own;
    },
  };
}

Deno.test("tryModel() is content with whole models", () =>
  withModel(async (path) => {
    await tryModel({ name, path });
    await tryModel({ name: "clip", path: await writeTinyClip(join(path, "clip")) });
  }));
