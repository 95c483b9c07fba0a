/** Inputs on which a model can be tried: given in files, or drawn at random. @module */
import { inferShapes } from "../onnx/infer_shapes.ts";
import type { Model, TensorType, ValueInfo } from "../onnx/model.ts";
import { printType } from "../onnx/print.ts";
import { fromNumbers } from "../tensor/convert.ts";
import { dtypes } from "../tensor/dtype.ts";
import { decodeNpy } from "../tensor/npy.ts";
import { Random } from "../tensor/random.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { failure } from "./read_model.ts";

/** How inputs are made. */
export interface FeedOptions {
  /** `batch=2`: sizes of symbolic dimensions. */
  readonly dims: readonly string[];
  /** `input_ids=ids.npy`: values of inputs. */
  readonly feeds: readonly string[];
  readonly seed: number;
}

/**
 * One tensor for each input: floats from a normal distribution, integers 0 or 1, and 1 throughout
 * for masks, so that nothing is masked away.
 *
 * @throws {DiagnosticError} If the size of a dimension is not known; all are named.
 */
export async function makeFeeds(
  model: Model,
  options: FeedOptions,
): Promise<Record<string, Tensor>> {
  const given = await readFeeds(model, options.feeds);
  const open = model.graph.inputs.filter(({ name }) =>
    !model.graph.initializers.has(name) && given[name] === undefined
  );
  const sizes = sizesOf(options.dims, model.graph.inputs, "--dim");
  const typed = inferShapes(model, { dims: sizes }).graph.inputs;
  const byName = new Map(typed.map((info) => [info.name, info]));
  const sized = open.map(({ name }) => byName.get(name)!);
  const unsized = sized.filter((info) => !isSized(info));
  if (unsized.length > 0) throw unknownSizes(unsized);
  const random = new Random(options.seed);
  const drawn = sized.map((info) => [info.name, draw(info, random)] as const);
  return { ...given, ...Object.fromEntries(drawn) };
}

const typeOf = ({ type }: ValueInfo): TensorType | undefined =>
  type.kind === "tensor" ? type : undefined;

function isSized(info: ValueInfo): boolean {
  return typeOf(info)?.dims?.every((dim) => typeof dim === "number") === true;
}

function unknownSizes(inputs: readonly ValueInfo[]) {
  const symbols = [...new Set(inputs.flatMap(symbolsOf))];
  const shown = inputs.map(({ name, type }) => `"${name}" ${printType(type)}`).join(", ");
  return failure("unknown-size", `Cannot make inputs: the sizes of ${shown} are not known`, [
    ...(symbols.length > 0 ? [`give them: ${symbols.map((s) => `--dim ${s}=2`).join(" ")}`] : []),
    `or give values: --feed ${inputs[0]!.name}=FILE.npy`,
  ]);
}

function symbolsOf(info: ValueInfo): readonly string[] {
  const dims = typeOf(info)?.dims ?? [];
  return dims.filter((dim) => typeof dim === "string" && !dim.startsWith("?")) as string[];
}

/**
 * Sizes of symbolic dimensions, given as `NAME=SIZE` after an option.
 *
 * @throws {DiagnosticError} If a text has another form, or no input has the dimension.
 */
export function sizesOf(
  texts: readonly string[],
  inputs: readonly ValueInfo[],
  option: string,
): Readonly<Record<string, number>> {
  const known = [...new Set(inputs.flatMap(symbolsOf))];
  return Object.fromEntries(texts.map((text) => {
    const [, name, size] = /^(.+)=(\d+)$/.exec(text) ?? [];
    if (name === undefined) {
      throw failure("usage", `Cannot use "${text}" for ${option}: expected NAME=SIZE`);
    }
    if (!known.some((dim) => dim === name || dim.split(/[^\w.:/]+/).includes(name))) {
      throw failure("unknown-dimension", `Cannot set dimension "${name}": no input has it`, [
        `dimensions: ${known.join(", ") || "none is symbolic"}`,
      ]);
    }
    return [name, Number(size)];
  }));
}

async function readFeeds(
  model: Model,
  texts: readonly string[],
): Promise<Record<string, Tensor>> {
  const inputs = model.graph.inputs.map(({ name }) => name);
  const entries = await Promise.all(texts.map(async (text) => {
    const at = text.indexOf("=");
    const [name, path] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1) throw failure("usage", `Cannot use "${text}" for --feed: expected NAME=FILE.npy`);
    if (!inputs.includes(name)) {
      throw failure("unknown-value", `Cannot feed "${name}": the model has no such input`, [
        `inputs: ${inputs.join(", ")}`,
      ]);
    }
    return [name, await readNpy(path)] as const;
  }));
  return Object.fromEntries(entries);
}

async function readNpy(path: string): Promise<Tensor> {
  try {
    return decodeNpy(await Deno.readFile(path));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof Deno.errors.NotFound)) throw error;
    throw failure("unreadable-feed", `Cannot read "${path}": ${error.message}`);
  }
}

function draw(info: ValueInfo, random: Random): Tensor {
  const { dtype, dims } = typeOf(info)!;
  if (dtype === "string") {
    throw failure("unknown-value", `Cannot make input "${info.name}": it holds strings`);
  }
  const shape = dims as readonly number[];
  const next = dtypes[dtype].float
    ? () => random.normal()
    : /mask/i.test(info.name)
    ? () => 1
    : () => random.integer(2);
  return fromNumbers(dtype, shape, Float64Array.from({ length: sizeOf(shape) }, next));
}
