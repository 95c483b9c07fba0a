/** Makes the inputs on which a model is tried: read from files, or random. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { isUnknownDim } from "../onnx/ir/dim.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import { isDType } from "../onnx/ir/data_type.ts";
import type { Model, TensorType, ValueInfo } from "../onnx/ir/model.ts";
import { printType } from "../onnx/ir/print.ts";
import { fromNumbers } from "../tensor/convert.ts";
import { dtypes } from "../tensor/dtype.ts";
import { Random } from "../tensor/random.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { count } from "./print.ts";
import { readFeeds } from "./read_feeds.ts";

/** How inputs are made. */
export interface FeedOptions {
  /** `batch=2`, `x[0]=2`: sizes of free dimensions. */
  readonly dims: readonly string[];
  /** `input_ids=ids.npy`: values of inputs. */
  readonly feeds: readonly string[];
  readonly seed: number;
}

/**
 * One tensor for each input: floats from a normal distribution, integers 0 or 1, and 1 throughout
 * for masks, so that nothing is masked away.
 *
 * @throws {DiagnosticError} If the size of a dimension is not known, all are named, or if a value
 *   that is given is none for its input.
 */
export function makeFeeds(model: Model, options: FeedOptions): Record<string, Tensor> {
  const { inputs, initializers } = model.graph;
  const { values, sizes } = readFeeds(
    inputs,
    options.feeds,
    sizesOf(options.dims, inputs, "--dim"),
  );
  const open = inputs.filter(({ name }) => !initializers.has(name) && !Object.hasOwn(values, name));
  const typed = inferShapes(model, { dims: sizes }).graph.inputs;
  const byName = new Map(typed.map((info) => [info.name, info]));
  const sized = open.map(({ name }) => byName.get(name)!);
  const unsized = sized.filter((info) => !isSized(info));
  if (unsized.length > 0) throw unknownSizes(unsized);
  const random = new Random(options.seed);
  const drawn = sized.map((info) => [info.name, draw(info, random)] as const);
  return { ...values, ...Object.fromEntries(drawn) };
}

const typeOf = ({ type }: ValueInfo): TensorType | undefined =>
  type.kind === "tensor" ? type : undefined;

function isSized(info: ValueInfo): boolean {
  return typeOf(info)?.dims?.every((dim) => typeof dim === "number") === true;
}

function unknownSizes(inputs: readonly ValueInfo[]) {
  const sized = [...new Set(inputs.flatMap(freeDims).map(({ text }) => text))];
  const shown = inputs.map(({ name, type }) => `"${name}" ${printType(type)}`).join(", ");
  return diagnosticError(
    "unknown-size",
    `Cannot make inputs: the sizes of ${shown} are not known`,
    [
      ...(sized.length > 0 ? [`give them: ${sized.map((text) => `--dim ${text}`).join(" ")}`] : []),
      `or give values: --feed ${inputs[0]!.name}=FILE.npy`,
    ],
  );
}

/** The free dimensions of an input, with a size as an example: `batch=2`, `x[2]=64`. */
function freeDims(info: ValueInfo): readonly { readonly name: string; readonly text: string }[] {
  const dims = typeOf(info)?.dims ?? [];
  return dims.flatMap((dim, axis) => {
    if (typeof dim === "number") return [];
    if (!isUnknownDim(dim)) return [{ name: dim, text: `${dim}=2` }];
    const example = axis === 0 ? 1 : axis > 1 && dims.length > 3 ? 64 : 2;
    const name = `${info.name}[${axis}]`;
    return [{ name, text: `${name}=${example}` }];
  });
}

/**
 * Sizes of free dimensions by their symbols, given as `NAME=SIZE`, or by input and place as
 * `INPUT[AXIS]=SIZE`, after an option.
 *
 * @throws {DiagnosticError} If a text has another form, or no input has the dimension.
 */
export function sizesOf(
  texts: readonly string[],
  inputs: readonly ValueInfo[],
  option: string,
): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const text of texts) {
    const [, name, digits] = /^(.+)=(\d+)$/.exec(text) ?? [];
    if (name === undefined) {
      throw diagnosticError("usage", `Cannot use "${text}" for ${option}: expected NAME=SIZE`, [
        "name a dimension without a name by its place: INPUT[AXIS]=SIZE",
      ]);
    }
    const size = Number(digits);
    const symbol = symbolAt(name, size, { inputs, option }) ?? symbolOf(name, inputs);
    if (symbol === undefined) throw unknownDimension(name, inputs);
    if (Object.hasOwn(sizes, symbol) && sizes[symbol] !== size) {
      throw diagnosticError(
        "usage",
        `Cannot use "${text}" for ${option}: it is already ${sizes[symbol]}`,
      );
    }
    sizes[symbol] = size;
  }
  return sizes;
}

/** A symbol of an input's shape, alone or in an expression. */
function symbolOf(name: string, inputs: readonly ValueInfo[]): string | undefined {
  const dims = inputs.flatMap((info) => typeOf(info)?.dims ?? []);
  const isKnown = dims.some((dim) =>
    typeof dim === "string" && !isUnknownDim(dim) &&
    (dim === name || dim.split(/[^\w.:/]+/).includes(name))
  );
  return isKnown ? name : undefined;
}

/** The symbol at `INPUT[AXIS]`; axes count from 0, negative ones from the end. */
function symbolAt(
  place: string,
  size: number,
  { inputs, option }: { readonly inputs: readonly ValueInfo[]; readonly option: string },
): string | undefined {
  const [, name, axis] = /^(.*)\[(-?\d+)\]$/.exec(place) ?? [];
  const input = inputs.find((info) => info.name === name);
  if (input === undefined) return undefined;
  const dims = typeOf(input)?.dims;
  const dim = dims?.at(Number(axis));
  const refused = (cause: string) =>
    diagnosticError("unknown-dimension", `Cannot use "${place}=${size}" for ${option}: ${cause}`, [
      `its type: ${printType(input.type)}`,
    ]);
  if (dims === undefined) throw refused(`the model does not say how many dimensions it has`);
  if (dim === undefined) throw refused(`it has ${count(dims.length, "dimension")}`);
  if (typeof dim === "number" && dim !== size) throw refused(`it is ${dim} in the model`);
  // A size that is there already is as good as not given.
  return typeof dim === "number" ? `${place} is fixed` : dim;
}

function unknownDimension(name: string, inputs: readonly ValueInfo[]) {
  const free = [...new Set(inputs.flatMap(freeDims).map((dim) => dim.name))];
  return diagnosticError("unknown-dimension", `Cannot set dimension "${name}": no input has it`, [
    `dimensions: ${free.join(", ") || "none is free"}`,
  ]);
}

function draw(info: ValueInfo, random: Random): Tensor {
  const { dtype, dims } = typeOf(info)!;
  if (!isDType(dtype)) {
    throw diagnosticError("unknown-value", `Cannot make input "${info.name}": it holds ${dtype}`);
  }
  const shape = dims as readonly number[];
  const next = dtypes[dtype].float
    ? () => random.normal()
    : /mask/i.test(info.name)
    ? () => 1
    : () => random.integer(2);
  return fromNumbers(dtype, shape, Float64Array.from({ length: sizeOf(shape) }, next));
}
