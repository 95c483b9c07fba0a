/** Models as exporters write them: what is inferred and rewritten must agree with a run. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { substituteDim } from "../../lib/onnx/ir/dim.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { foldConstants } from "../../lib/onnx/passes/fold_constants.ts";
import { inferShapes } from "../../lib/onnx/infer/infer_shapes.ts";
import { inlineFunctions } from "../../lib/onnx/passes/inline_functions.ts";
import type { Dim, Model, TensorType } from "../../lib/onnx/ir/model.ts";
import { printModel } from "../../lib/onnx/ir/print.ts";
import { upgradeModel } from "../../lib/onnx/passes/upgrade.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";

const root = fromFileUrl(new URL("../golden/vjp/", import.meta.url));

const names = [
  "vit_ts17_eager",
  "llama_ts14_sdpa",
  "llama_dynamo23_sdpa",
  "gpt2_ts17_sdpa",
  "clip_vision_ortopt",
  "if_shape_cond",
  "function_local_gelu__dyn",
];

/** Branches of different rank, chosen when the graph runs. */
const unknownShapes: Readonly<Record<string, number>> = { if_shape_cond: 1 };

function readCase(name: string): { model: Model; feeds: Record<string, Tensor> } {
  const model = decodeModel(Deno.readFileSync(`${root}${name}/model.onnx`));
  const { tensors } = decodeSafetensors(Deno.readFileSync(`${root}${name}/data.safetensors`));
  const feeds: Record<string, Tensor> = {};
  for (const input of model.graph.inputs) feeds[input.name] = tensors[`in.${input.name}`]!;
  return { model, feeds };
}

async function run(model: Model, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  await using session = await openSession(model, { graphOptimization: "disabled" });
  return await session.run(feeds);
}

/** The model without declared types of inner values, so that nothing is copied from there. */
function undeclared(model: Model): Model {
  return { ...model, graph: { ...model.graph, values: new Map() } };
}

/** Every tensor becomes an output. */
function withAllOutputs(model: Model): Model {
  const outputs = [...model.graph.outputs];
  for (const [name, type] of model.graph.values) {
    if (type.kind === "tensor") outputs.push({ name, type });
  }
  return { ...model, graph: { ...model.graph, outputs } };
}

function inputSizes(model: Model, feeds: Record<string, Tensor>): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const { name, type } of model.graph.inputs) {
    const dims = (type as TensorType).dims ?? [];
    dims.forEach((d, axis) => {
      if (typeof d === "string") sizes[d] = feeds[name]!.dims[axis]!;
    });
  }
  return sizes;
}

for (const name of names) {
  Deno.test(`inferShapes() agrees with a run of ${name}`, async () => {
    const { model, feeds } = readCase(name);
    const inferred = withAllOutputs(inferShapes(undeclared(model)));
    const values = await run(inferred, feeds);
    const sizes = inputSizes(model, feeds);
    let unknown = 0;
    for (const { name: output, type } of inferred.graph.outputs) {
      assert(type.kind === "tensor");
      const value = values[output]!;
      assertEquals(type.dtype, value.dtype, output);
      const dims: readonly Dim[] = type.dims?.map((d) => substituteDim(d, sizes)) ?? [];
      if (type.dims === undefined || dims.some((d) => typeof d === "string")) unknown++;
      else assertEquals(dims, value.dims, output);
    }
    assert(
      unknown === (unknownShapes[name] ?? 0),
      `${unknown} of ${inferred.graph.outputs.length} shapes are not known`,
    );
  });

  Deno.test(`foldConstants() and upgradeModel() keep what ${name} computes`, async () => {
    const { model, feeds } = readCase(name);
    const folded = foldConstants(upgradeModel(inlineFunctions(model)));
    assertEquals(checkModel(folded).filter((d) => d.severity === "error"), []);
    assert(!folded.graph.nodes.some((node) => node.opType === "Constant"));
    assertEquals(await run(folded, feeds), await run(model, feeds));
  });

  Deno.test(`encodeModel() writes ${name} as it was read`, () => {
    const { model } = readCase(name);
    const again = decodeModel(encodeModel(model));
    assertEquals(printModel(again), printModel(model));
    assertEquals(again.graph.initializers, model.graph.initializers);
  });
}
