/** Rewrites each operator that changed its form into the newer form. @module */
import { wrongNodeError } from "../infer/wrong_node.ts";
import type { Attribute, Node, TensorType } from "../ir/model.ts";

/** Attributes of a new node. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** What a rewrite may use: `add` puts a node before and returns its output. */
export interface UpgradeContext {
  add(opType: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Type of a value, if it is known. */
  type(value: string): TensorType | undefined;
  /** Elements of a small constant. */
  numbers(value: string): readonly number[] | undefined;
}

/** Rewrites a node of an older operator set. */
export type Upgrade = (node: Node, context: UpgradeContext) => Node | Node[];

/** A rewrite, and the operator set in which the new form begins. */
export interface UpgradeRow {
  readonly since: number;
  readonly rewrite: Upgrade;
}

const int = (value: number): Attribute => ({ type: "int", value });
const text = (value: string): Attribute => ({ type: "string", value });
const ints = (value: readonly number[]): Attribute => ({ type: "ints", value });

function without(attributes: Attributes, ...names: string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

/** Name of the attribute of `Constant` that holds a value of a type; references keep working in it. */
const CONSTANT_ATTRIBUTE: Readonly<Record<string, string>> = {
  ints: "value_ints",
  floats: "value_floats",
  int: "value_int",
  float: "value_float",
};
/** AttributeProto.AttributeType, for references to a function's attributes. */
const REFERENCE_TYPES: Readonly<Record<number, string>> = {
  1: "float",
  2: "int",
  6: "floats",
  7: "ints",
};

function constantOf(attribute: Attribute, { add }: UpgradeContext): string {
  const type = attribute.type === "ref" ? REFERENCE_TYPES[attribute.refType] : attribute.type;
  return add("Constant", [], { [CONSTANT_ATTRIBUTE[type ?? ""] ?? "value"]: attribute });
}

/** Moves attributes to inputs, in this order; absent ones leave their input empty. */
function toInputs(...names: string[]): Upgrade {
  return (node, context) => {
    const moved = names.map((name) => {
      const attribute = node.attributes[name];
      return attribute ? constantOf(attribute, context) : "";
    });
    while (moved.at(-1) === "") moved.pop();
    return {
      ...node,
      inputs: [...node.inputs, ...moved],
      attributes: without(node.attributes, ...names),
    };
  };
}

/** As {@linkcode toInputs}, for float attributes that become tensors of the input's element type. */
function toTypedInputs(integers: readonly string[], ...numbers: string[]): Upgrade {
  return (node, context) => {
    const [x = ""] = node.inputs;
    const typed = (name: string) => {
      const attribute = node.attributes[name];
      if (attribute === undefined) return "";
      const constant = constantOf(attribute, context);
      return context.type(x)?.dtype === "float32"
        ? constant
        : context.add("CastLike", [constant, x]);
    };
    const moved = toInputs(...integers)(node, context) as Node;
    const inputs = [...moved.inputs, ...numbers.map(typed)];
    while (inputs.at(-1) === "") inputs.pop();
    return { ...moved, inputs, attributes: without(moved.attributes, ...numbers) };
  };
}

/** Split-18 without sizes needs the number of parts. */
const splitEvenly: Upgrade = (node) => {
  if (node.inputs[1]) return node;
  const attributes = { ...node.attributes, num_outputs: int(node.outputs.length) };
  return { ...node, attributes };
};

/** Before opset 13 these normalise over all dimensions from `axis` on, as a matrix. */
const flattened: Upgrade = (node, { add, type }): Node => {
  const { axis } = node.attributes;
  const at = axis?.type === "int" ? axis.value : 1;
  const last = (type(node.inputs[0] ?? "")?.dims?.length ?? NaN) - 1;
  if (at === -1 || at === last) return { ...node, attributes: { axis: int(-1) } };
  const [x = ""] = node.inputs;
  const matrix = add("Flatten", [x], { axis: int(at) });
  const y = add(node.opType, [matrix], { axis: int(-1) });
  return { ...node, opType: "Reshape", inputs: [y, add("Shape", [x])], attributes: {} };
};

/** Positions were steps from the upper left corner. */
const asymmetric = (node: Node, x: string, scales: string, nearest: string): Node => ({
  ...node,
  opType: "Resize",
  inputs: [x, "", scales],
  attributes: {
    mode: node.attributes.mode ?? text("nearest"),
    coordinate_transformation_mode: text("asymmetric"),
    nearest_mode: text(nearest),
  },
});

const upsample: Upgrade = (node, context) => {
  const [x = "", given = ""] = node.inputs;
  const { scales } = node.attributes;
  return asymmetric(node, x, scales ? constantOf(scales, context) : given, "floor");
};

/**
 * The nearest element was the one before a position along axes that grow, and the one behind along
 * axes that shrink: a Resize for each of the two, where there may be both.
 */
const resize: Upgrade = (node, context) => {
  const [x = "", scales = ""] = node.inputs;
  const { mode } = node.attributes;
  const known = mode?.type === "string" && mode.value === "linear" ? [] : context.numbers(scales);
  if (known?.every((scale) => scale >= 1)) return asymmetric(node, x, scales, "floor");
  if (known?.every((scale) => scale <= 1)) return asymmetric(node, x, scales, "ceil");
  const one = context.add("Constant", [], { value_floats: { type: "floats", value: [1] } });
  const growing = context.add("Max", [scales, one]);
  const shrinking = context.add("Min", [scales, one]);
  const { inputs, attributes } = asymmetric(node, x, growing, "floor");
  return asymmetric(node, context.add("Resize", inputs, attributes), shrinking, "ceil");
};

/** Beside sizes, scales were there but empty. */
const emptyScales: Upgrade = (node) => {
  const [x = "", region = "", , sizes] = node.inputs;
  return sizes ? { ...node, inputs: [x, region, "", sizes] } : node;
};

const shiftedRegions: Upgrade = (node) => ({
  ...node,
  attributes: {
    ...node.attributes,
    coordinate_transformation_mode: text("output_half_pixel"),
  },
});

const inferenceDropout: Upgrade = (node) => ({
  ...node,
  attributes: without(node.attributes, "ratio", "is_test"),
});

/** Statistics among the outputs said that it trains; there is an attribute for that now. */
const batchNorm: Upgrade = (node, context) => {
  const { spatial } = node.attributes;
  if (spatial?.type === "int" && spatial.value === 0) {
    throw wrongNodeError(node, "its spatial is 0, which operator sets from 9 on do not allow");
  }
  const trains = node.outputs.slice(1).some((name) => name !== "");
  const attributes = without(node.attributes, "spatial", "is_test");
  if (!trains) {
    return {
      ...node,
      outputs: node.outputs.slice(0, 1),
      attributes: without(attributes, "momentum"),
    };
  }
  return [
    {
      ...node,
      outputs: node.outputs.slice(0, 3),
      attributes: { ...attributes, training_mode: int(1) },
    },
    ...savedStatistics(node, context),
  ];
};

/** Mean and variance of the batch, which were outputs as well. */
function savedStatistics(node: Node, { add, type }: UpgradeContext): Node[] {
  const [x = ""] = node.inputs;
  const rank = type(x)?.dims?.length;
  const saved = node.outputs.slice(3, 5);
  if (rank === undefined || saved.every((name) => name === "")) return [];
  const axes = add("Constant", [], {
    value_ints: ints(Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1)),
  });
  const centered = add("Sub", [x, add("ReduceMean", [x, axes], { keepdims: int(1) })]);
  const sources = [x, add("Mul", [centered, centered])];
  return saved.flatMap((name, i) =>
    name === "" ? [] : [{
      name: "",
      opType: "ReduceMean",
      domain: "",
      inputs: [sources[i]!, axes],
      outputs: [name],
      attributes: { keepdims: int(rank < 2 ? 1 : 0) },
    }]
  );
}

const batchedScan: Upgrade = (node) => {
  throw wrongNodeError(
    node,
    "in operator set 8 it runs over batches, which is not supported: convert the model to 9 or newer",
  );
};

const GRID_MODES: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

const gridSampleNames: Upgrade = (node) => {
  const { mode } = node.attributes;
  const old = mode?.type === "string" ? mode.value : "bilinear";
  return { ...node, attributes: { ...node.attributes, mode: text(GRID_MODES[old] ?? old) } };
};

/** From opset 21 on scale and bias have one entry a channel, not one a group. */
const perChannel: Upgrade = (node, { add }) => {
  const [x = "", scale = "", bias = ""] = node.inputs;
  const groups = node.attributes.num_groups;
  const count = groups?.type === "int" ? groups.value : 1;
  const vector = (values: readonly number[]) => add("Constant", [], { value_ints: ints(values) });
  const channels = add("Shape", [x], { start: int(1), end: int(2) });
  const each = add("Div", [channels, vector([count])]);
  const shape = add("Concat", [vector([count]), each], { axis: int(0) });
  const spread = (values: string) => {
    const column = add("Reshape", [values, vector([count, 1])]);
    return add("Reshape", [add("Expand", [column, shape]), vector([-1])]);
  };
  return { ...node, inputs: [x, spread(scale), spread(bias)] };
};

const axesToInput = { rewrite: toInputs("axes") };
const reduce18 = [{ since: 18, ...axesToInput }];
const softmax13 = [{ since: 13, rewrite: flattened }];

/** Rewrites by operator, oldest first. */
export const upgrades: Readonly<Record<string, readonly UpgradeRow[]>> = {
  Squeeze: [{ since: 13, ...axesToInput }],
  Unsqueeze: [{ since: 13, ...axesToInput }],
  ReduceSum: [{ since: 13, ...axesToInput }],
  ReduceL1: reduce18,
  ReduceL2: reduce18,
  ReduceLogSum: reduce18,
  ReduceLogSumExp: reduce18,
  ReduceMax: reduce18,
  ReduceMean: reduce18,
  ReduceMin: reduce18,
  ReduceProd: reduce18,
  ReduceSumSquare: reduce18,
  Split: [{ since: 13, rewrite: toInputs("split") }, { since: 18, rewrite: splitEvenly }],
  Slice: [{ since: 10, rewrite: toInputs("starts", "ends", "axes") }],
  Pad: [{ since: 11, rewrite: toTypedInputs(["pads"], "value") }],
  Clip: [{ since: 11, rewrite: toTypedInputs([], "min", "max") }],
  TopK: [{
    since: 10,
    rewrite: (node, context) => {
      const k = node.attributes.k;
      const size = k?.type === "int" ? ints([k.value]) : ints([]);
      const moved = { ...node, attributes: { ...node.attributes, k: size } };
      return toInputs("k")(moved, context);
    },
  }],
  Softmax: softmax13,
  LogSoftmax: softmax13,
  Hardmax: softmax13,
  Upsample: [{ since: 10, rewrite: upsample }],
  Resize: [{ since: 11, rewrite: resize }, { since: 13, rewrite: emptyScales }],
  RoiAlign: [{ since: 16, rewrite: shiftedRegions }],
  Scan: [{ since: 9, rewrite: batchedScan }],
  Scatter: [{ since: 11, rewrite: (node) => ({ ...node, opType: "ScatterElements" }) }],
  Dropout: [{ since: 12, rewrite: inferenceDropout }],
  BatchNormalization: [{ since: 14, rewrite: batchNorm }],
  GridSample: [{ since: 20, rewrite: gridSampleNames }],
  GroupNormalization: [{ since: 21, rewrite: perChannel }],
};
