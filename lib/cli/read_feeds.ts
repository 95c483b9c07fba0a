/** Reads values of inputs from files, and compares them with what the model declares. @module */
import { readRegularFile } from "../cache/disk/regular_file.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import { type Diagnostic, DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { substituteDim } from "../onnx/ir/dim.ts";
import type { Dim, ValueInfo, ValueType } from "../onnx/ir/model.ts";
import { printType } from "../onnx/ir/print.ts";
import { decodeNpy } from "../tensor/npy.ts";
import { numpyTypes } from "../tensor/numpy_array.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Sizes of symbolic dimensions by their symbols. */
type Sizes = Readonly<Record<string, number>>;

/**
 * Reads values that are given as `NAME=FILE.npy`.
 *
 * @param given Sizes of symbolic dimensions that are known already.
 * @returns The values, and the sizes of symbolic dimensions that are known with them.
 * @throws {DiagnosticError} If a text has another form, if a file cannot be read, or if its type or
 *   shape is not the input's. A symbolic dimension has one size in all inputs.
 */
export function readFeeds(
  inputs: readonly ValueInfo[],
  texts: readonly string[],
  given: Sizes,
): { readonly values: Readonly<Record<string, Tensor>>; readonly sizes: Sizes } {
  const feeds = texts.map((text) => readFeed(inputs, text));
  const known = addSizes(feeds, given);
  const problems = feeds.flatMap((feed) => misfit(feed, known));
  if (problems.length > 0) throw new DiagnosticError(problems);
  const values = Object.fromEntries(feeds.map(({ input, value }) => [input.name, value]));
  return { values, sizes: known.sizes };
}

/** A value for an input. */
interface Feed {
  readonly input: ValueInfo;
  readonly path: string;
  readonly value: Tensor;
}

function readFeed(inputs: readonly ValueInfo[], text: string): Feed {
  const at = text.indexOf("=");
  const [name, path] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1) {
    throw diagnosticError("usage", `Cannot use "${text}" for --feed: expected NAME=FILE.npy`);
  }
  const input = inputs.find((info) => info.name === name);
  if (input === undefined) {
    throw diagnosticError("unknown-value", `Cannot feed "${name}": the model has no such input`, [
      `inputs: ${inputs.map((info) => info.name).join(", ")}`,
    ]);
  }
  return { input, path, value: readNpy(path) };
}

function readNpy(path: string): Tensor {
  try {
    return decodeNpy(readRegularFile(path));
  } catch (error) {
    const known = error instanceof SyntaxError || error instanceof RangeError;
    if (!known && !isSystemError(error)) throw error;
    throw diagnosticError("unreadable-feed", `Cannot read "${path}": ${error.message}`);
  }
}

/** Sizes of symbolic dimensions, and the files that say them. */
interface KnownSizes {
  readonly sizes: Sizes;
  /** Path by symbol; a size from elsewhere has none. */
  readonly files: ReadonlyMap<string, string>;
}

/** The given sizes and those of the values; the first that says a size is right. */
function addSizes(feeds: readonly Feed[], given: Sizes): KnownSizes {
  const sizes: Record<string, number> = { ...given };
  const files = new Map<string, string>();
  for (const { input, path, value } of feeds) {
    for (const [axis, dim] of dimsOf(input.type).entries()) {
      const size = value.dims[axis];
      if (typeof dim !== "string" || size === undefined || Object.hasOwn(sizes, dim)) continue;
      sizes[dim] = size;
      files.set(dim, path);
    }
  }
  return { sizes, files };
}

const dimsOf = (type: ValueType): readonly Dim[] => type.kind === "tensor" ? type.dims ?? [] : [];

/** What is wrong with a value, if anything is. */
function misfit({ input: { name, type }, path, value }: Feed, known: KnownSizes): Diagnostic[] {
  if (type.kind === "unknown") return [];
  const isRightType = type.kind === "tensor" && type.dtype === value.dtype;
  const isRightRank = type.kind !== "tensor" || type.dims === undefined ||
    type.dims.length === value.dims.length;
  const apart = isRightRank ? dimsApart(type, value, known.sizes) : [];
  if (isRightType && isRightRank && apart.length === 0) return [];
  const found = printType({ kind: "tensor", dtype: value.dtype, dims: value.dims });
  return [{
    code: "unreadable-feed",
    severity: "error",
    message: `Cannot feed "${name}": it is ${printType(type)}, "${path}" holds ${found}`,
    notes: [...(isRightType ? [] : conversionNotes(type)), ...sizeNotes(apart, known)],
  }];
}

/** The declared dimensions that have another size than the value's. */
function dimsApart(type: ValueType, { dims }: Tensor, sizes: Sizes): readonly Dim[] {
  return dimsOf(type).filter((dim, axis) => {
    const expected = substituteDim(dim, sizes);
    return typeof expected === "number" && expected !== dims[axis];
  });
}

/** Where the sizes of symbolic dimensions come from. */
function sizeNotes(dims: readonly Dim[], { sizes, files }: KnownSizes): string[] {
  return dims.filter((dim) => typeof dim === "string").map((dim) => {
    const file = files.get(dim);
    const source = file === undefined ? "--dim" : `"${file}"`;
    return `${dim} is ${substituteDim(dim, sizes)} by ${source}`;
  });
}

/** How a file gets the element type of its input. */
function conversionNotes(type: ValueType): string[] {
  if (type.kind !== "tensor" || !Object.hasOwn(numpyTypes, type.dtype)) return [];
  return [`convert it in Python: numpy.save("FILE.npy", array.astype("${type.dtype}"))`];
}
