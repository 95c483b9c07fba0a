/**
 * Checks the numbers in a node's attributes, and in inputs that replaced attributes, against the
 * ranks and sizes of its inputs. This happens before any rule makes a list of such numbers.
 *
 * @module
 */
import { dtypeOfDataType } from "../ir/data_type.ts";
import type { Attribute } from "../ir/model.ts";
import type { NodeContext } from "./context.ts";
import { equationProblem } from "./equation.ts";

/** Numbers of an attribute or input; gives what is wrong with them, continuing "its axis ". */
type Check = (values: readonly number[], c: NodeContext) => string | undefined;

/** Sizes, strides and the like are below this: runtimes count them in 32 bits. */
const largest = 2 ** 31 - 1;

/** More axes than any runtime has. */
const maxAxes = 256;

const shown = (values: readonly number[]) =>
  values.length === 1 ? `${values[0]}` : `[${values.slice(0, 8)}${values.length > 8 ? ", …" : ""}]`;

function between(least: number, most: number): Check {
  const range = most === largest ? `at least ${least}` : `from ${least} to ${most}`;
  return (values) =>
    values.every((v) => Number.isInteger(v) && v >= least && v <= most)
      ? undefined
      : `is ${shown(values)}, expected ${range}${most === largest ? ` and below 2^31` : ""}`;
}

const positive = between(1, largest);
const notNegative = between(0, largest);
const anySize = between(-largest, largest);

function all(...checks: readonly Check[]): Check {
  return (values, c) => {
    for (const check of checks) {
      const problem = check(values, c);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** One number for each of as many axes as `count` says, if it says. */
function oneFor(count: (c: NodeContext) => number | undefined): Check {
  return (values, c) => {
    const expected = count(c);
    if (expected === undefined || values.length === expected) return undefined;
    return `has ${values.length} numbers, expected ${expected}`;
  };
}

/** Axes of a rank, counted from either end; some ops also take places beside them. */
function axesOf(rank: (c: NodeContext) => number | undefined, before = 0, after = 0): Check {
  return (values, c) => {
    const known = rank(c);
    if (known === undefined) return between(-maxAxes, maxAxes)(values, c);
    const [least, most] = [-known - before, known - 1 + after];
    if (values.every((axis) => Number.isInteger(axis) && axis >= least && axis <= most)) {
      return undefined;
    }
    if (known + after === 0) return `is ${shown(values)}, but its input has no axis`;
    return `is ${shown(values)}, expected ${least} to ${most} because its input has rank ${known}`;
  };
}

/** Different axes of a rank. */
function distinctAxes(rank: (c: NodeContext, count: number) => number | undefined): Check {
  return (values, c) => {
    const known = rank(c, values.length);
    const problem = axesOf(() => known)(values, c);
    if (problem !== undefined || known === undefined) return problem;
    const different = new Set(values.map((axis) => axis < 0 ? axis + known : axis));
    return different.size === values.length
      ? undefined
      : `is ${shown(values)}, which names an axis twice`;
  };
}

const rank = (c: NodeContext) => c.rank(0);
const axis = axesOf(rank);
const axes = distinctAxes(rank);

/** Axes over which windows move. */
function windowAxes(c: NodeContext): number | undefined {
  const known = c.rank(0);
  return known === undefined ? undefined : Math.max(0, known - 2);
}

const perWindowAxis = (check: Check) => all(check, oneFor(windowAxes));
const perWindowSide = (check: Check) =>
  all(
    check,
    oneFor((c) => {
      const count = windowAxes(c);
      return count === undefined ? undefined : 2 * count;
    }),
  );

/** A pool whose window may lie in the padding alone has no value there. */
const insideWindow: Check = (values, c) => {
  const kernel = c.ints("kernel_shape");
  const dilations = c.ints("dilations");
  const fits = values.every((pad, i) => {
    const at = kernel === undefined ? 0 : i % kernel.length;
    return kernel === undefined || pad < kernel[at]! * (dilations?.[at] ?? 1);
  });
  return fits ? undefined : `is ${shown(values)}, expected less than the window ${shown(kernel!)}`;
};

const permutation: Check = (values, c) => {
  const count = c.rank(0) ?? values.length;
  const places = new Set(values.filter((v) => Number.isInteger(v) && v >= 0 && v < values.length));
  if (places.size === values.length && values.length === count) return undefined;
  return `is ${shown(values)}, expected each number from 0 to ${count - 1} once`;
};

const batchAxes: Check = (values, c) => {
  const ranks = [c.rank(0), c.rank(1)].filter((r) => r !== undefined);
  return between(0, Math.max(0, Math.min(maxAxes, ...ranks) - 1))(values, c);
};

const scanInputs: Check = (values, c) => between(1, c.inputCount)(values, c);

function atMostScanned(check: Check): Check {
  return all(check, (values, c) => {
    const count = c.int("num_scan_inputs", 1);
    return values.length <= count ? undefined : `has ${values.length} numbers for ${count} inputs`;
  });
}

/** Numbers of parts, one per output, that make up the axis. */
const parts: Check = (values, c) => {
  const wrong = notNegative(values, c) ?? oneFor((node) => node.node.outputs.length)(values, c);
  if (wrong !== undefined) return wrong;
  const dims = c.dims(0);
  const size = dims?.at(c.int("axis", 0));
  const sum = values.reduce((total, part) => total + part, 0);
  if (typeof size !== "number" || sum === size) return undefined;
  return `is ${shown(values)}, which is not the ${size} of the axis`;
};

const outputs: Check = (values, c) =>
  values[0] === c.node.outputs.length
    ? undefined
    : `is ${shown(values)}, the node has ${c.node.outputs.length} outputs`;

/** Sizes of a Reshape: one of them may be open. */
const target: Check = (values, c) => {
  const wrong = between(-1, Number.MAX_SAFE_INTEGER)(values, c);
  if (wrong !== undefined) {
    return wrong.replace(/, expected.*/, ", expected sizes, or -1 for what is left");
  }
  return values.filter((v) => v === -1).length > 1
    ? `is ${shown(values)}, which has two -1`
    : undefined;
};

const sizes = between(0, Number.MAX_SAFE_INTEGER);
const offsets: Check = (values) =>
  values.every((v) => Number.isInteger(v) && Math.abs(v) <= 2 ** 63)
    ? undefined
    : `is ${shown(values)}, expected integers`;

const steps: Check = (values) =>
  values.every((v) => Number.isInteger(v) && v !== 0)
    ? undefined
    : `is ${shown(values)}, expected integers other than 0`;

const elementType: Check = (values) =>
  dtypeOfDataType(values[0]!) === undefined
    ? `is ${shown(values)}, which is not one of ONNX's`
    : undefined;

const finite: Check = (values) =>
  values.every((v) => Number.isFinite(v) && v > 0)
    ? undefined
    : `is ${shown(values)}, expected numbers above 0`;

/** Attributes that mean the same in every op. */
export const attributeChecks: Readonly<Record<string, Check>> = {
  axis,
  batch_axis: axis,
  time_axis: axis,
  gather_axis: axis,
  quantize_axis: axis,
  axes,
  perm: permutation,
  strides: perWindowAxis(positive),
  dilations: perWindowAxis(positive),
  kernel_shape: perWindowAxis(positive),
  output_padding: perWindowAxis(notNegative),
  pads: perWindowSide(notNegative),
  batch_dims: batchAxes,
  num_scan_inputs: scanInputs,
  scan_input_axes: atMostScanned(anySize),
  scan_input_directions: atMostScanned(between(0, 1)),
  scan_output_axes: anySize,
  scan_output_directions: between(0, 1),
  split: parts,
  num_outputs: outputs,
  directions: between(0, 1),
  k: anySize,
  to: elementType,
  dtype: elementType,
  output_datatype: elementType,
  shape: sizes,
  starts: offsets,
  ends: offsets,
  scales: finite,
  output_shape: notNegative,
  pooled_shape: all(positive, oneFor(() => 2)),
  block_size: notNegative,
  rotary_embedding_dim: notNegative,
  sample_size: positive,
  sampling_ratio: notNegative,
  ...Object.fromEntries(
    [
      ...["group", "num_groups", "groups", "offset_group", "blocksize", "size", "hidden_size"],
      ...["output_height", "output_width", "num_heads", "q_num_heads", "kv_num_heads", "N", "K"],
      "chunk_size",
    ].map((name) => [name, positive]),
  ),
  bits: between(1, 8),
  p: between(1, largest),
};

/** Integers of which any is right: flags, modes, seeds, constants and what is compared with. */
export const freeAttributes: ReadonlySet<string> = new Set([
  ...["align_corners", "allowzero", "antialias", "broadcast", "ceil_mode", "center_point_box"],
  ...["consumed_inputs", "count_include_pad", "detect_negative", "detect_positive", "end"],
  ...["exclude_outside", "exclusive", "fmod", "ignore_index", "input_forget", "interleaved"],
  ...["inverse", "is_case_sensitive", "is_causal", "is_test", "keepdims", "largest", "layout"],
  ...["left_window_size", "linear_before_reset", "max_gram_length", "max_skip_count", "maxsplit"],
  ...["min_gram_length", "new_axis", "ngram_counts", "ngram_indexes", "noop_with_empty_axes"],
  ...["onesided", "output_dtype", "output_sequence", "periodic", "pool_int64s", "precision"],
  ...["qk_matmul_output_mode", "reverse", "right_window_size", "saturate", "seed"],
  ...["select_last_index", "softmax_precision", "sorted", "spatial", "start", "stash_type"],
  ...["storage_order", "training_mode", "transA", "transB", "upper", "value_int", "value_ints"],
]);

/** Ops in which an attribute means something else. */
const exceptions: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  Flatten: { axis: axesOf(rank, 0, 1) },
  OneHot: { axis: axesOf(rank, 1, 1) },
  Concat: {
    axis: axesOf((c) => c.node.inputs.map((_, i) => c.rank(i)).find((r) => r !== undefined)),
  },
  "com.microsoft.QLinearConcat": { axis: axesOf((c) => c.rank(2)) },
  ConcatFromSequence: { axis: axesOf(sequenceRank) },
  DequantizeLinear: { axis: axesOf(perAxisRank) },
  QuantizeLinear: { axis: axesOf(perAxisRank) },
  "com.microsoft.DequantizeLinear": { axis: axesOf(perAxisRank) },
  "com.microsoft.QuantizeLinear": { axis: axesOf(perAxisRank) },
  Unsqueeze: { axes: distinctAxes(unsqueezedRank) },
  Pad: { pads: all(anySize, oneFor(twiceRank)), paddings: all(anySize, oneFor(twiceRank)) },
  Col2Im: { strides: positive, dilations: positive, pads: notNegative },
  EyeLike: { k: anySize },
  TopK: { k: notNegative },
  LpNormalization: { p: between(1, 2) },
  RotaryEmbedding: { num_heads: notNegative },
  "com.microsoft.RotaryEmbedding": { num_heads: notNegative },
  ...Object.fromEntries(
    ["AveragePool", "MaxPool", "LpPool", "com.microsoft.QLinearAveragePool"].map((
      op,
    ) => [op, { pads: all(perWindowSide(notNegative), insideWindow) }]),
  ),
};

/** Inputs that represent attributes, where their elements are known. */
const inputChecks: Readonly<Record<string, Readonly<Record<number, readonly [string, Check]>>>> = {
  Squeeze: { 1: ["axes", axes] },
  Unsqueeze: { 1: ["axes", distinctAxes(unsqueezedRank)] },
  ...Object.fromEntries(
    ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"].map((
      name,
    ) => [`Reduce${name}`, { 1: ["axes", axes] as const }]),
  ),
  Slice: { 1: ["starts", offsets], 2: ["ends", offsets], 3: ["axes", axes], 4: ["steps", steps] },
  Pad: { 1: ["pads", anySize], 3: ["axes", axes] },
  CumSum: { 1: ["axis", axis] },
  DFT: { 1: ["length", positive], 2: ["axis", axis] },
  STFT: { 1: ["step", positive], 3: ["frame length", positive] },
  Reshape: { 1: ["shape", target] },
  Expand: { 1: ["shape", sizes] },
  Tile: { 1: ["repeats", sizes] },
  Split: { 1: ["split", parts] },
  TopK: { 1: ["k", notNegative] },
  ConstantOfShape: { 0: ["shape", sizes] },
  OneHot: { 1: ["depth", sizes] },
  Resize: { 3: ["sizes", sizes] },
  AffineGrid: { 1: ["size", sizes] },
  Col2Im: { 1: ["image shape", positive], 2: ["block shape", positive] },
  MaxUnpool: { 2: ["output shape", sizes] },
  CenterCropPad: { 1: ["shape", sizes] },
};

/** Ops that take an axis apart, so that their input has one. */
const takesAxis: ReadonlySet<string> = new Set([
  ...[
    "Gather",
    "GatherElements",
    "ScatterElements",
    "Scatter",
    "ArgMax",
    "ArgMin",
    "Split",
    "TopK",
  ],
  ...["SplitToSequence", "ReverseSequence", "GatherND", "ScatterND", "Concat"],
]);

function twiceRank(c: NodeContext): number | undefined {
  const known = c.rank(0);
  return known === undefined ? undefined : 2 * known;
}

function unsqueezedRank(c: NodeContext, count: number): number | undefined {
  const known = c.rank(0);
  return known === undefined ? undefined : known + count;
}

/** The axis says nothing where one scale holds for all elements. */
function perAxisRank(c: NodeContext): number | undefined {
  const perAxis = c.rank(1) === 1 && c.dims(1)![0] !== 1;
  return perAxis || c.int("block_size", 0) > 0 ? c.rank(0) : undefined;
}

function sequenceRank(c: NodeContext): number | undefined {
  const type = c.valueType(0);
  const known = type?.kind === "sequence" && type.element.kind === "tensor"
    ? type.element.dims?.length
    : undefined;
  return known === undefined ? undefined : known + c.int("new_axis", 0);
}

/** Checks by name: names come out of files, and an object would also know those of its prototype. */
const byAttribute = new Map(Object.entries(attributeChecks));
const byOp = new Map(
  Object.entries(exceptions).map(([op, checks]) => [op, new Map(Object.entries(checks))]),
);
const byInput = new Map(
  Object.entries(inputChecks).map(([op, checks]) => [
    op,
    Object.entries(checks).map(([input, check]) => [Number(input), ...check] as const),
  ]),
);

/** What is wrong with a node's numbers, continuing "Cannot use … node: "; undefined if nothing is. */
export function numbersProblem(c: NodeContext): string | undefined {
  const { domain } = c.node;
  if (domain !== "" && !domain.startsWith("com.microsoft")) return undefined;
  return attributesProblem(c) ?? (domain === "" ? inputsProblem(c) : undefined);
}

function attributesProblem(c: NodeContext): string | undefined {
  const { opType, domain, attributes } = c.node;
  const own = byOp.get(domain === "" ? opType : `${domain}.${opType}`);
  for (const name in attributes) {
    const check = own?.get(name) ?? byAttribute.get(name);
    const values = check === undefined ? undefined : numbersOf(attributes[name]!);
    const problem = values === undefined ? undefined : check!(values, c);
    if (problem !== undefined) return `its ${name} ${problem}`;
  }
  return undefined;
}

function inputsProblem(c: NodeContext): string | undefined {
  const { opType } = c.node;
  if (opType === "Einsum") return equationProblem(c);
  if (takesAxis.has(opType) && c.rank(0) === 0) return "its input has no axis";
  for (const [input, name, check] of byInput.get(opType) ?? none) {
    const values = c.numbers(input);
    const problem = values === undefined ? undefined : check(values, c);
    if (problem !== undefined) return `its ${name} ${problem}`;
  }
  return undefined;
}

const none: readonly (readonly [number, string, Check])[] = [];

function numbersOf(attribute: Attribute): readonly number[] | undefined {
  const { type, value } = attribute;
  if (type === "int") return [value];
  return type === "ints" || type === "floats" ? value : undefined;
}
