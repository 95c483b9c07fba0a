import { assert, assertEquals } from "@std/assert";
import { composeLoss, lossFeeds } from "../../lib/models/compose_loss.ts";
import { toTextBatch } from "../../lib/models/text_batch.ts";
import type { Model, Node } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { mergedDecoder, openRecorded, randomPixels, withDecoder } from "./rig.ts";
import { addGradients } from "../../lib/autodiff/gradient.ts";

const session = { provider: "cpu", threads: 1 } as const;

async function composed(name: string, imageStart?: number) {
  const { directory, text } = await openRecorded(name);
  const image = new Array<number>(text.imageTokens).fill(text.imageToken);
  const rows = [[30, 31], [40]].map((words, i) => ({
    instruction: [1, ...image, ...words],
    answer: [50 + i, 60, text.endToken].slice(i),
  }));
  const batch = toTextBatch(rows, { padToken: text.padToken });
  const sizes = {
    batch: 2,
    sequence: batch.inputIds.dims[1]!,
    imageTokens: text.imageTokens,
    ...(imageStart === undefined ? {} : { imageStart }),
  };
  const model = await composeLoss(directory, sizes);
  return { model, sizes, feeds: lossFeeds(model, batch, text) };
}

async function lossOf(name: string, imageStart?: number): Promise<number> {
  const { model, feeds } = await composed(name, imageStart);
  await using opened = await openSession(model, session);
  const { loss } = await opened.run({ pixel_values: randomPixels(2), ...feeds });
  return Number(loss!.data[0]);
}

for (const name of ["llava", "blip2_dynamo", "llava_q4"]) {
  Deno.test(`composeLoss() places the image of ${name} the same way by index and by position`, async () => {
    const [scattered, spliced] = [await lossOf(name), await lossOf(name, 1)];
    assert(scattered > 0);
    assert(Math.abs(scattered - spliced) < 1e-6, `${scattered} and ${spliced}`);
  });
}

Deno.test("composeLoss() applies the head only where a label is", async () => {
  const { model } = await composed("llava");
  const heads = model.graph.nodes.filter((node) => lastDim(model, node) === 96);
  assert(heads.length > 0);
  for (const { outputs } of heads) {
    const type = model.graph.values.get(outputs[0]!);
    const dims = type?.kind === "tensor" ? type.dims : undefined;
    assert(dims?.includes("labels"), `${outputs[0]} has shape [${dims}]`);
  }
});

function lastDim({ graph }: Model, node: Node): unknown {
  const type = graph.values.get(node.outputs[0]!);
  return type?.kind === "tensor" ? type.dims?.at(-1) : undefined;
}

Deno.test("composeLoss() asks for what its parts read, and nothing else", async () => {
  const inputs = ({ graph }: Model) => graph.inputs.map(({ name }) => name).sort();
  const common = ["attention_mask", "input_ids", "label_ids", "label_index", "pixel_values"];
  const scattered = await composed("llava");
  assertEquals(inputs(scattered.model), [...common, "image_index", "position_ids"].sort());
  assertEquals(
    Object.keys(scattered.feeds).sort(),
    inputs(scattered.model).filter((name) => name !== "pixel_values"),
  );
  assertEquals(inputs((await composed("blip2_dynamo", 1)).model), common);
});

Deno.test("composeLoss() takes the graph of a merged decoder that reads no past, and can be differentiated", async () => {
  const { model, sizes, feeds } = await composed("llava");
  const { directory } = await openRecorded("llava");
  const merged = await composeLoss(
    withDecoder(directory, (decoder) => mergedDecoder(decoder, 2)),
    sizes,
  );
  assertEquals(merged.graph.nodes.filter(({ opType }) => opType === "If"), []);
  const run = async (graph: Model) => {
    const step = addGradients(graph, { of: "loss", wrt: ["pixel_values"] });
    await using opened = await openSession(step, session);
    return await opened.run({ pixel_values: randomPixels(2), ...feeds });
  };
  const [plain, taken] = [await run(model), await run(merged)];
  assertEquals(taken.loss!.data, plain.loss!.data);
  assertEquals(taken["grad.pixel_values"]!.data, plain["grad.pixel_values"]!.data);
});
