/**
 * The layouts in which other programs keep δ. Each layout is recognised by the names of its
 * tensors. Facts that a file lacks, such as where a patch lies, are refused and never guessed.
 *
 * @module
 */
import { castTensor } from "../tensor/convert.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { clearSquare } from "../prompts/frame.ts";
import { promptMask, type PromptName } from "../prompts/prompt_table.ts";

/** A file of another program. */
export interface ForeignFile {
  /** By name, `state_dict.module.pad_up`. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Texts that lie beside them. */
  readonly texts: Readonly<Record<string, string>>;
  /** What the user knows of the values. */
  readonly values?: DeltaValues;
}

/** Whether the values in a file are `added` to the image, or their `sigmoid` is. */
export type DeltaValues = "added" | "sigmoid";

/** δ as a file has it, with what the layout says of its place. */
export interface FoundDelta {
  /** [3, S, S] in row-major order. */
  readonly values: Float32Array;
  /** Side S. */
  readonly canvas: number;
  readonly kind?: PromptName;
  /** Side s of the image, where the layout says it. */
  readonly image?: number;
}

/** A δ that a file holds: what `--tensor` calls it, and how it is read. */
export interface Candidate {
  readonly name: string;
  /** @throws {RangeError} If the file does not say what the layout needs. */
  read(): FoundDelta;
}

/** A layout: finds its δs in a file. */
type Layout = (file: ForeignFile) => readonly Candidate[];

/** 3×S×S, or 1×3×S×S as a module with a batch axis has it. */
export function isPrompt({ dims, dtype }: Tensor): boolean {
  const [channels, height, width] = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims;
  return dims.length >= 3 && channels === 3 && height === width && /float/.test(dtype) &&
    height! > 0 && sizeOf(dims) === 3 * height! * height!;
}

/** δ as it is. */
export function plainDelta(x: Tensor): FoundDelta {
  const values = castTensor(x, "float32").data;
  return { values, canvas: Math.sqrt(values.length / 3) };
}

/** Names without their last part that end in one of these parts, with what is there. */
function groups(
  tensors: Readonly<Record<string, Tensor>>,
  parts: readonly string[],
): Map<string, Readonly<Record<string, Tensor>>> {
  const found = new Map<string, Record<string, Tensor>>();
  for (const [name, x] of Object.entries(tensors)) {
    const [, prefix, part] = /^(?:(.*)\.)?([^.]*)$/s.exec(name)!;
    if (!parts.includes(part!)) continue;
    const group = found.get(prefix ?? "") ?? {};
    found.set(prefix ?? "", { ...group, [part!]: x });
  }
  return found;
}

const strips = ["pad_up", "pad_down", "pad_left", "pad_right"] as const;

/**
 * Four strips around the whole image, p wide (arXiv 2203.17274, github.com/hjbahng/visual_prompting):
 * above and below 1×3×p×S, left and right 1×3×(S−2p)×p.
 */
const paddingStrips: Layout = ({ tensors }) =>
  [...groups(tensors, strips)].map(([name, group]) => ({
    name: name === "" ? "pad_up" : name,
    read: () => frameOf(group),
  }));

function frameOf(group: Readonly<Record<string, Tensor>>): FoundDelta {
  const [up, down, left, right] = strips.map((name) => group[name]);
  const [width, canvas] = up?.dims.slice(-2) ?? [];
  const inside = (canvas ?? 0) - 2 * (width ?? 0);
  const isStrip = (x: Tensor | undefined, height: number, length: number) =>
    x !== undefined && /float/.test(x.dtype) &&
    x.dims.slice(-3).join() === `3,${height},${length}` &&
    sizeOf(x.dims) === 3 * height * length;
  const fits = width! > 0 && inside > 0 && [up, down].every((x) => isStrip(x, width!, canvas!)) &&
    [left, right].every((x) => isStrip(x, inside, width!));
  if (!fits) {
    const found = strips.map((name) => `${name} [${group[name]?.dims.join(", ") ?? "missing"}]`);
    throw new RangeError(
      `Cannot import a prompt: its strips do not form a frame, expected pad_up and pad_down [1, 3, p, S], pad_left and pad_right [1, 3, S-2p, p], found ${
        found.join(", ")
      }`,
    );
  }
  const values = new Float32Array(3 * canvas! ** 2);
  const put = (x: Tensor, top: number, start: number) => {
    const [height, length] = x.dims.slice(-2) as [number, number];
    const data = castTensor(x, "float32").data;
    for (let row = 0; row < 3 * height; row++) {
      const [channel, y] = [Math.floor(row / height), top + row % height];
      const strip = data.subarray(row * length, (row + 1) * length);
      values.set(strip, (channel * canvas! + y) * canvas! + start);
    }
  };
  put(up!, 0, 0);
  put(down!, canvas! - width!, 0);
  put(left!, width!, 0);
  put(right!, width!, canvas! - width!);
  return { values, canvas: canvas!, kind: "padding", image: inside };
}

/** A patch whose place the program chooses, at random or by its class: the file does not tell it. */
const patches: Layout = ({ tensors }) =>
  [...groups(tensors, ["patch"])].map(([prefix, { patch }]) => {
    const name = prefix === "" ? "patch" : `${prefix}.patch`;
    return {
      name,
      read: () => {
        throw new RangeError(
          `Cannot import a prompt: "${name}" [${
            patch!.dims.join(", ")
          }] is a patch, and the file does not say where it lies on the image; put it into an array of 3×S×S and import that`,
        );
      },
    };
  });

/**
 * A full array beside its mask (github.com/OPTML-Group/ILM-VP): the sigmoid of `program` around the
 * image, or `program` itself over its border; files of both kinds look the same.
 */
const maskedPrograms: Layout = ({ tensors, values }) =>
  [...groups(tensors, ["program", "mask"])].flatMap(([prefix, { program, mask }]) => {
    if (program === undefined || !isPrompt(program)) return [];
    const name = prefix === "" ? "program" : `${prefix}.program`;
    const read = () => {
      const found = addedDelta(program, { name, mask, values });
      return values === "added" ? { ...found, kind: "padding" as const } : found;
    };
    return [{ name, read }];
  });

/**
 * AutoVP (arXiv 2310.08381, github.com/IBM/AutoVP): the mask is not saved, but δ is 0 where it is 0. Its
 * sigmoid is added, for CLIP models δ itself.
 */
const perturbDict: Layout = ({ tensors, texts, values }) => {
  const model = texts.pretrained_model;
  const told = model === undefined ? undefined : model.startsWith("clip") ? "added" : "sigmoid";
  return Object.entries(tensors)
    .filter(([name, x]) => /(?:^|\.)perturb_dict\.(?:.*\.)?delta$/s.test(name) && isPrompt(x))
    .map(([name, x]) => ({
      name,
      read: () => {
        checkScale(tensors);
        return addedDelta(x, { name, values: values ?? told });
      },
    }));
};

/** The mask follows the image's size, which may have been trained too. */
function checkScale(tensors: Readonly<Record<string, Tensor>>): void {
  const scale = Object.entries(tensors)
    .find(([name]) => /(?:^|\.)resize_dict\.(?:.*\.)?scale$/s.test(name))?.[1];
  const value = scale === undefined ? 1 : Number(castTensor(scale, "float32").data[0]);
  if (value === 1) return;
  throw new RangeError(
    `Cannot import a prompt: the image was scaled by ${value} in training, and the file does not say its size, which masks δ`,
  );
}

/** How a tensor becomes what is added to images. */
interface Treatment {
  readonly name: string;
  readonly values: DeltaValues | undefined;
  readonly mask?: Tensor | undefined;
}

function addedDelta(x: Tensor, { name, values, mask }: Treatment): FoundDelta {
  if (values === undefined) {
    throw new RangeError(
      `Cannot import a prompt: the file does not say whether "${name}" or its sigmoid is added to images; say --values added or --values sigmoid`,
    );
  }
  const found = plainDelta(x);
  const weights = mask === undefined
    ? values === "sigmoid" ? squareMask(found, name) : undefined
    : maskValues(mask, found);
  const added = found.values.map((value, i) => {
    const weight = weights === undefined ? 1 : weights[i % weights.length]!;
    return weight === 0 ? 0 : weight * (values === "sigmoid" ? 1 / (1 + Math.exp(-value)) : value);
  });
  return {
    ...found,
    ...(clearSquare(added, found.canvas) > 0 && { kind: "frame" }),
    values: added,
  };
}

/** A mask for each channel, or one for all. */
function maskValues(mask: Tensor, { canvas }: FoundDelta): Float32Array {
  const values = castTensor(mask, "float32").data;
  if ([canvas ** 2, 3 * canvas ** 2].includes(values.length)) return values;
  throw new RangeError(
    `Cannot import a prompt: its mask [${mask.dims.join(", ")}] does not fit a canvas of ${canvas}`,
  );
}

/** The mask that zeros show: 0 in a square in the middle, and nowhere else. */
function squareMask({ values, canvas }: FoundDelta, name: string): Float32Array {
  const clear = clearSquare(values, canvas);
  if (clear > 0 && clear < canvas) {
    const outside = promptMask("frame", { canvas, image: clear }).data;
    if (values.every((value, i) => (value === 0) === (outside[i] === 0))) return outside;
  }
  throw new RangeError(
    `Cannot import a prompt: the zeros of "${name}" do not form a square in the middle, so the file does not say where it is masked`,
  );
}

/** Layouts by the program that has them. */
const layouts = {
  paddingStrips,
  patches,
  maskedPrograms,
  perturbDict,
} satisfies Record<string, Layout>;

/** What the layouts of other programs find in a file. */
export function foreignCandidates(file: ForeignFile): Candidate[] {
  return Object.values(layouts).flatMap((layout) => layout(file));
}
