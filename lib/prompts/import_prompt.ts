/** A prompt from tensors of other programs, such as the official checkpoint of TVP. @module */
import { castTensor } from "../tensor/convert.ts";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
import { paddingOf } from "./frame.ts";
import type { Prompt, PromptMeta } from "./prompt_file.ts";
import { promptKind, promptMask, type PromptName, promptTable } from "./prompt_table.ts";

/** What the file does not say, or says otherwise. */
export interface ImportOptions {
  /** Name of the tensor; default: the only one that can be a prompt. */
  readonly tensor?: string;
  readonly kind?: PromptName;
  /** Side s of the picture in pixels; default: of the zeros in the middle. */
  readonly image?: number;
  /** What tables call the prompt; default `imported`. */
  readonly method?: string;
  /** Models it was trained on. */
  readonly sources?: readonly string[];
}

/** The proportion of arXiv 2404.11207, where zeros do not show the picture. */
const PICTURE_SHARE = 164 / 224;

/** 3×S×S, or 1×3×S×S as a module with a batch axis has it. */
function isPrompt({ dims, dtype }: Tensor): boolean {
  const [channels, height, width] = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims;
  return dims.length >= 3 && channels === 3 && height === width && /float/.test(dtype) &&
    sizeOf(dims) === 3 * height! * height!;
}

/** Names that other programs give to δ, the official one first. */
const usualNames = ["perturbation", "delta"];

function choose(tensors: Readonly<Record<string, Tensor>>, name?: string): Tensor {
  const fitting = Object.keys(tensors).filter((key) => isPrompt(tensors[key]!));
  const found = Object.entries(tensors)
    .map(([key, { dtype, dims }]) => `"${key}" ${dtype} [${dims.join(", ")}]`).join(", ");
  const usual = usualNames.flatMap((usual) =>
    fitting.filter((key) => key.split(".").at(-1) === usual)
  );
  const candidates = name !== undefined
    ? fitting.filter((key) => key === name)
    : usual.length > 0
    ? usual.slice(0, 1)
    : fitting;
  if (candidates.length === 1) return tensors[candidates[0]!]!;
  const wanted = name === undefined ? "one tensor of 3×S×S floats" : `a prompt "${name}"`;
  throw new RangeError(
    `Cannot import a prompt: expected ${wanted}, found ${found || "no tensors"}`,
  );
}

/** Side of the largest square in the middle in which δ is zero; 0 if there is none. */
function clearSquare(data: Float32Array, canvas: number): number {
  let margin = 0;
  data.forEach((value, i) => {
    if (value === 0) return;
    const [y, x] = [Math.floor(i / canvas) % canvas, i % canvas];
    margin = Math.max(margin, 1 + Math.min(y, x, canvas - 1 - y, canvas - 1 - x));
  });
  return Math.max(0, canvas - 2 * margin);
}

/** A kind with a transformation whose tensors are all there. */
function transformedKind(tensors: Readonly<Record<string, Tensor>>): PromptName | undefined {
  const names = Object.keys(promptTable) as PromptName[];
  return names.find((name) => {
    const parameters = promptKind(name).transformation?.parameters;
    return parameters?.every((p) => String(tensors[p.name]?.dims) === String(p.dims));
  });
}

function transformationOf(tensors: Readonly<Record<string, Tensor>>, kind: PromptName) {
  const parameters = promptKind(kind).transformation?.parameters ?? [];
  if (parameters.length === 0) return {};
  const named = parameters.map(({ name }) => {
    const found = tensors[name];
    if (found) return [name, castTensor(found, "float32")] as const;
    throw new RangeError(`Cannot import a prompt of kind "${kind}": it has no tensor "${name}"`);
  });
  return { transformation: Object.fromEntries(named) };
}

function sizesOf(data: Float32Array, canvas: number, options: ImportOptions) {
  const clear = clearSquare(data, canvas);
  const kind = options.kind ?? (clear > 0 ? "frame" : "full");
  const usual = 2 * Math.round(canvas * PICTURE_SHARE / 2);
  const image = options.image ?? (kind === "frame" && clear > 0 ? clear : usual);
  return { kind, canvas, image };
}

/**
 * Makes a prompt of a tensor: its values bit by bit where they are float32.
 *
 * @param tensors Contents of a file.
 * @throws {RangeError} If there is no 3×S×S tensor, or δ is not zero where its kind has to be.
 */
export function importPrompt(
  tensors: Readonly<Record<string, Tensor>>,
  options: ImportOptions = {},
): Prompt {
  const values = castTensor(choose(tensors, options.tensor), "float32").data;
  const canvas = Math.sqrt(values.length / 3);
  const transformed = options.kind === undefined ? transformedKind(tensors) : undefined;
  const sizes = sizesOf(values, canvas, {
    ...options,
    ...(transformed === undefined ? {} : { kind: transformed }),
  });
  const mask = promptMask(sizes.kind, sizes).data;
  const outside = values.findIndex((value, i) => mask[i] === 0 && value !== 0);
  if (outside >= 0) {
    const [y, x] = [Math.floor(outside / canvas) % canvas, outside % canvas];
    throw new RangeError(
      `Cannot import a ${sizes.kind} prompt around a picture of ${sizes.image} pixels (padding ${
        paddingOf(sizes)
      }): δ is ${values[outside]} in row ${y}, column ${x}, where it has to be 0`,
    );
  }
  const meta: PromptMeta = {
    ...sizes,
    sources: (options.sources ?? []).map((name) => ({ name, digest: "" })),
    task: "unknown",
    method: options.method ?? "imported",
    loss: {},
    seed: null,
  };
  const delta = tensor("float32", [3, canvas, canvas], values);
  return { delta, ...transformationOf(tensors, sizes.kind), meta };
}
