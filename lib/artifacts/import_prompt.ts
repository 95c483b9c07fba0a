/**
 * Makes a prompt from tensors of other programs, such as the official checkpoint of TVP.
 *
 * @module
 */
import { castTensor } from "../tensor/convert.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  type Candidate,
  type DeltaValues,
  foreignCandidates,
  type ForeignFile,
  type FoundDelta,
  isPrompt,
  plainDelta,
} from "./foreign_layouts.ts";
import { clearSquare, paddingOf } from "../prompts/frame.ts";
import { type Prompt, type PromptMeta, tensorsText } from "./prompt.ts";
import { promptKind, promptMask, type PromptName, promptTable } from "../prompts/prompt_table.ts";

/** What the file does not say, or says otherwise. */
export interface ImportOptions {
  /** Name of the tensor; default: the only one that can be a prompt. */
  readonly tensor?: string;
  readonly kind?: PromptName;
  /** Whether the values in the file are added to images, or their sigmoid; default as the file says. */
  readonly values?: DeltaValues;
  /** Texts that lie beside the tensors. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Side s of the image in pixels; default: of the zeros in the middle. */
  readonly image?: number;
  /** What tables call the prompt; default `imported`. */
  readonly method?: string;
  /** Models it was trained on. */
  readonly sources?: readonly string[];
}

/** A prompt of another program. */
export interface ImportedPrompt extends Prompt {
  /** What the file does not say, how it was taken, and which option says otherwise. */
  readonly guesses: readonly string[];
}

/** The proportion of arXiv 2404.11207, where zeros do not show the image. */
const IMAGE_SHARE = 164 / 224;

/** Names that other programs give to δ, the official one first. */
const usualNames = ["perturbation", "delta"];

/** Parts of names that represent no δ: weights of models, states of optimisers, masks. */
const notDelta =
  /(?:^|\.)(?:weight|bias|mask|running_mean|running_var|momentum_buffer|exp_avg\w*)$|(?:^|\.)\w*(?:optim|sched)\w*\./i;

const plain = (tensors: ForeignFile["tensors"], names: readonly string[]): Candidate[] =>
  names.map((name) => ({ name, read: () => plainDelta(tensors[name]!) }));

/** The tensors of a file that may be δ: of a known layout or a usual name, else all that can be one. */
function candidatesOf(file: ForeignFile): Candidate[] {
  const { tensors } = file;
  const foreign = foreignCandidates(file);
  const taken = new Set(foreign.map(({ name }) => name));
  const fitting = Object.keys(tensors)
    .filter((key) => isPrompt(tensors[key]!) && !taken.has(key) && !notDelta.test(key));
  const usual = fitting.filter((key) => usualNames.includes(key.split(".").at(-1)!));
  const known = [...foreign, ...plain(tensors, usual)];
  return known.length > 0 ? known : plain(tensors, fitting);
}

/** The δ that is asked for by name: of a layout, or any tensor that can be one. */
function namedCandidates(file: ForeignFile, name: string): Candidate[] {
  const foreign = foreignCandidates(file).filter((candidate) => candidate.name === name);
  const x = file.tensors[name];
  if (foreign.length > 0 || x === undefined || !isPrompt(x)) return foreign;
  return plain(file.tensors, [name]);
}

function choose(file: ForeignFile, name?: string): FoundDelta {
  const candidates = name === undefined ? candidatesOf(file) : namedCandidates(file, name);
  const [only, ...others] = candidates.map((candidate) => candidate.read());
  if (only !== undefined && others.every((other) => isSame(only, other))) return only;
  const wanted = name === undefined ? "one tensor of 3×S×S floats" : `a prompt "${name}"`;
  const choice = candidates.length > 1
    ? `; --tensor chooses one of ${candidates.slice(0, 8).map((one) => `"${one.name}"`).join(", ")}`
    : "";
  throw new RangeError(
    `Cannot import a prompt: expected ${wanted}, found ${tensorsText(file.tensors)}${choice}`,
  );
}

/** Copies of one δ, such as the best and the last, may be equal. */
function isSame(a: FoundDelta, b: FoundDelta): boolean {
  return a.kind === b.kind && a.values.length === b.values.length &&
    a.values.every((value, i) => Object.is(value, b.values[i]));
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

type PromptSizes = ReturnType<typeof sizesOf>["sizes"];

function sizesOf({ values, canvas, kind: told, image: side }: FoundDelta, options: ImportOptions) {
  const clear = clearSquare(values, canvas);
  const kind = options.kind ?? told ?? (clear > 0 ? "frame" : "full");
  const shown = clear > 0 && (kind === "frame" || kind === "padding") ? clear : undefined;
  const usual = Math.max(1, 2 * Math.round(canvas * IMAGE_SHARE / 2));
  const known = { kind: options.kind ?? told, image: options.image ?? side ?? shown };
  const image = known.image ?? usual;
  const sizes = { kind, canvas, image };
  if (Number.isInteger(image) && image > 0) return { sizes, guesses: guessesOf(known, sizes) };
  throw new RangeError(`Cannot import a prompt: an image has 1 pixel or more, not ${image}`);
}

/** What was taken though nobody had said it. */
function guessesOf(
  known: { readonly kind: string | undefined; readonly image: number | undefined },
  { kind, image }: { readonly kind: PromptName; readonly image: number },
): string[] {
  const other = kind === "frame" ? "; --kind padding if the image fills the canvas" : "";
  return [
    ...(known.kind === undefined
      ? [`the file does not say its kind: taken as ${kind}${other}`]
      : []),
    ...(known.image === undefined && promptKind(kind).placement === "shrunk"
      ? [`the file does not say the side of the image: taken as ${image} pixels; --image S if not`]
      : []),
  ];
}

/** δ is finite, and zero where its kind does not change the image. */
function checkValues(values: Float32Array, sizes: PromptSizes): void {
  const { canvas, kind, image } = sizes;
  const mask = promptMask(kind, sizes).data;
  const wrong = values.findIndex((value, i) =>
    !Number.isFinite(value) || (mask[i] === 0 && value !== 0)
  );
  if (wrong < 0) return;
  const place = `row ${Math.floor(wrong / canvas) % canvas}, column ${wrong % canvas}`;
  if (!Number.isFinite(values[wrong]!)) {
    throw new RangeError(`Cannot import a prompt: δ is ${values[wrong]} in ${place}`);
  }
  throw new RangeError(
    `Cannot import a ${kind} prompt around an image of ${image} pixels (padding ${
      paddingOf(sizes)
    }): δ is ${values[wrong]} in ${place}, where it must be 0`,
  );
}

/**
 * Makes a prompt of the tensors of another program: their values bit by bit where they are float32 and
 * what is added to images. Where the file does not say its kind or the image's size, `guesses` does.
 *
 * @param tensors Contents of a file.
 * @throws {RangeError} If they hold no δ, several, or one whose place or meaning the file does not
 * tell, or δ is not finite or not zero where its kind has to be.
 */
export function importPrompt(
  tensors: Readonly<Record<string, Tensor>>,
  options: ImportOptions = {},
): ImportedPrompt {
  const { values: meaning, texts = {} } = options;
  const file = { tensors, texts, ...(meaning === undefined ? {} : { values: meaning }) };
  const found = choose(file, options.tensor);
  const { values, canvas } = found;
  const kind = options.kind ?? transformedKind(tensors);
  const { sizes, guesses } = sizesOf(found, {
    ...options,
    ...(kind === undefined ? {} : { kind }),
  });
  checkValues(values, sizes);
  const meta: PromptMeta = {
    ...sizes,
    sources: (options.sources ?? []).map((name) => ({ name, digest: "" })),
    task: "unknown",
    method: options.method ?? "imported",
    loss: {},
    seed: null,
  };
  const delta = tensor("float32", [3, canvas, canvas], values);
  return { delta, ...transformationOf(tensors, sizes.kind), meta, guesses };
}
