/**
 * Gives a connector its start: each of its rows learns the embedding of the answer. That is cheap,
 * because no language model runs. The language-model loss that follows then begins with rows that
 * mean something.
 *
 * @module
 */
import type { InstructionEncoder } from "../models/instruction_text.ts";
import { withInputDims } from "../models/graph_inputs.ts";
import { GraphBuilder } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { openSession } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Mean embedding of the tokens of each of some texts, float32 `[width]`, by text. */
export async function answerEmbeddings(
  embedTokens: Model,
  text: Pick<InstructionEncoder, "answer">,
  answers: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  await using session = await openSession(embedTokens, { provider: "cpu" });
  const means = new Map<string, Float32Array>();
  for (const answer of new Set(answers)) {
    const ids = text.answer(answer);
    const input_ids = tensor("int64", [1, ids.length], BigInt64Array.from(ids, BigInt));
    const { inputs_embeds: rows } = await session.run({ input_ids });
    means.set(answer, meanRow(rows as Tensor<"float32">));
  }
  return means;
}

function meanRow({ dims, data }: Tensor<"float32">): Float32Array {
  const [, rows = 1, width = 1] = dims;
  const mean = new Float32Array(width);
  data.forEach((value, i) => mean[i % width]! += value / rows);
  return mean;
}

/**
 * The loss of the alignment: the mean over images and rows of ‖row − target‖², as a share of
 * `scale`. Inputs are those of the connector and `target` `[batch, width]`.
 */
export function alignmentGraph(
  connector: Model,
  dims: Readonly<Record<string, readonly number[]>>,
  { batch, width, scale }: {
    readonly batch: number;
    readonly width: number;
    /** Mean square of the targets' values. */
    readonly scale: number;
  },
): Model {
  const sized = withInputDims(connector, dims);
  const builder = new GraphBuilder({ model: { ...sized, graph: { ...sized.graph, outputs: [] } } });
  const target = builder.input("target", "float32", [batch, width]);
  const wanted = builder.op("Unsqueeze", [target, builder.int64s([1])]);
  const difference = builder.op("Sub", ["image_features", wanted]);
  const square = builder.op("ReduceMean", [builder.op("Mul", [difference, difference])], {
    keepdims: 0,
  });
  builder.output(builder.op("Div", [square, builder.scalar(scale)]), "loss");
  return builder.finish();
}
