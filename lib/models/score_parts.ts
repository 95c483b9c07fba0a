/** The pieces of scoring graphs. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Part } from "../onnx/passes/compose.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import { foldConstants } from "../onnx/passes/fold_constants.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Dim, Model, TensorType } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { dimsOfInput, withInputDims } from "./graph_inputs.ts";
import { selectRows } from "./select_rows.ts";

/** Inputs keep their own names in the whole. */
export function ownInputs(model: Model): Record<string, string> {
  return Object.fromEntries(model.graph.inputs.map(({ name }) => [name, name]));
}

/** Which rows of which logits. */
export interface RowOptions {
  readonly value: string;
  readonly batch: number;
  readonly sequence: number;
  /** Name of a new input: positions in the flattened [batch · sequence]. */
  readonly index: string;
  readonly output: string;
}

/** Replaces logits by those at chosen positions: an output of shape [rows, vocabulary]. */
export function rowsOf(model: Model, options: RowOptions): Model {
  const builder = new GraphBuilder({ model });
  builder.output(chosenRows(builder, model, options), options.output);
  return replaceOutput(builder, model, options);
}

function chosenRows(builder: GraphBuilder, model: Model, options: RowOptions): Value {
  const index = builder.input(options.index, "int64", [`${options.index}.length`]);
  const logits = selectRows(builder, model.graph, { ...options, index });
  return builder.dtype(logits) === "float32"
    ? logits
    : builder.op("Cast", [logits], { to: dataTypeOf.float32 });
}

function replaceOutput(builder: GraphBuilder, model: Model, options: RowOptions): Model {
  const others = model.graph.outputs.map((info) => info.name)
    .filter((name) => name !== options.value);
  return pruneModel(builder.finish(), [options.output, ...others]);
}

/**
 * Replaces logits by log-probabilities, in float32, at chosen positions.
 *
 * @param options.ids Name of a new input: the token of each position whose log-probability is
 * wanted; default all tokens.
 */
export function logProbsOf(model: Model, options: RowOptions & { readonly ids?: string }): Model {
  const builder = new GraphBuilder({ model });
  const rows = chosenRows(builder, model, options);
  let logProbs = builder.op("LogSoftmax", [rows], { axis: -1 });
  if (options.ids !== undefined) {
    const ids = builder.input(options.ids, "int64", [`${options.index}.length`]);
    const column = builder.op("Unsqueeze", [ids, builder.int64s([1])]);
    const picked = builder.op("GatherElements", [logProbs, column], { axis: 1 });
    logProbs = builder.op("Squeeze", [picked, builder.int64s([1])]);
  }
  builder.output(logProbs, options.output);
  return replaceOutput(builder, model, options);
}

/**
 * The part `expand`: repeats what belongs to an image for each of its continuations. Value `v` of
 * `prefix` comes out as `expand.v.rows`; with `mask` also `attention_mask` as `expand.mask.rows`.
 */
export function expansion(
  prefix: Model,
  values: readonly string[],
  rows: number,
  options: { readonly mask?: readonly Dim[] } = {},
): Part {
  const builder = new GraphBuilder({ opset: 18 });
  const row = builder.input("row", "int64", [rows]);
  const connect: Record<string, string> = { row: "next_row" };
  const add = (name: string, source: string, type: TensorType) => {
    const input = builder.input(name, type.dtype as "float32", type.dims ?? []);
    connect[name] = source;
    builder.output(builder.op("Gather", [input, row], { axis: 0 }), `${name}.rows`);
  };
  for (const name of values) {
    const type = prefix.graph.outputs.find((info) => info.name === name)!.type as TensorType;
    add(name, `prefix.${name}`, type);
  }
  if (options.mask !== undefined) {
    add("mask", "attention_mask", { kind: "tensor", dtype: "int64", dims: options.mask });
  }
  return { name: "expand", model: builder.finish(), connect };
}

/** The part `join`: the instruction's embeddings, then those of the continuation. */
export function concatenation(
  type: TensorType,
  sizes: { readonly rows: number; readonly sequence: number; readonly length: number },
  [before, after]: readonly [string, string],
): Part {
  const builder = new GraphBuilder({ opset: 18 });
  const width = type.dims?.at(-1) ?? "width";
  const dtype = type.dtype as "float32";
  const head = builder.input("head", dtype, [sizes.rows, sizes.sequence, width]);
  const tail = builder.input("tail", dtype, [sizes.rows, sizes.length, width]);
  builder.output(builder.op("Concat", [head, tail], { axis: 1 }), "inputs_embeds");
  return { name: "join", model: builder.finish(), connect: { head: before, tail: after } };
}

/** Sizes of the continuations. */
export interface ContinuationSizes {
  readonly rows: number;
  readonly sequence: number;
  readonly length: number;
}

/** Gives the continuation's inputs their shapes and its logits their picks; names the outputs. */
export function finishScore(
  whole: Model,
  { rows, sequence, length }: ContinuationSizes,
  outputLength: number,
  keep: readonly string[],
): Model {
  const positions = whole.graph.inputs.find((info) => info.name === "next_position_ids");
  const declared = positions === undefined ? [] : dimsOfInput(positions);
  const sized = withInputDims(whole, {
    next_ids: [rows, length],
    next_row: [rows],
    next_mask: [rows, sequence + length],
    next_token_type_ids: [rows, outputLength],
    next_position_ids: declared.length === 3
      ? [declared[0]!, rows, outputLength]
      : [declared[0] === 1 ? 1 : rows, outputLength],
  });
  const inferred = foldConstants(inferShapes(pruneModel(sized, ["next.logits", ...keep])));
  const scored = logProbsOf(inferred, {
    value: "next.logits",
    batch: rows,
    sequence: outputLength,
    index: "pick_index",
    ids: "pick_ids",
    output: "log_probs",
  });
  return renamePrefixOutputs(scored, keep);
}

function renamePrefixOutputs(model: Model, names: readonly string[]): Model {
  if (names.length === 0) return model;
  const builder = new GraphBuilder({ model });
  const renamed = names.map((name) => name.replace("prefix.", ""));
  names.forEach((name, i) => builder.output(name, renamed[i]!));
  return pruneModel(builder.finish(), ["log_probs", ...renamed]);
}
