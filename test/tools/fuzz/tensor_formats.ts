/** Containers of tensors: safetensors, NumPy's and PyTorch's, prompts and saved states. @module */
import { importPrompt } from "../../../lib/artifacts/import_prompt.ts";
import { decodePrompt, encodePrompt, promptTensors } from "../../../lib/artifacts/prompt.ts";
import { appliedPrompt } from "../../../lib/evaluation/applied_prompt.ts";
import { type Contents, exportedPrompt, readContents } from "../../../lib/cli/prompt_formats.ts";
import { encodeTorchCheckpoint } from "../../../lib/tensor/encode_torch_checkpoint.ts";
import { decodeNpy, encodeNpy } from "../../../lib/tensor/npy.ts";
import { decodeNpz, encodeNpz } from "../../../lib/tensor/npz.ts";
import type { Random } from "../../../lib/tensor/random.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import { sizeOf, type Tensor } from "../../../lib/tensor/tensor.ts";
import { readTorchCheckpoint } from "../../../lib/tensor/torch_checkpoint.ts";
import { decodeZip } from "../../../lib/tensor/unzip.ts";
import { encodeZip } from "../../../lib/tensor/zip.ts";
import { decodeTrainingState, encodeTrainingState } from "../../../lib/training/training_state.ts";
import { formatOf, mustHold, type OpenFormat, Refused } from "./format.ts";
import { edge, mutateBytes, mutateJson, mutateText, pick } from "./mutate.ts";
import { encode, filesOf, frame, tensors } from "./seeds.ts";

/** A file of safetensors with another header: its length is right, what it says is not. */
function withHeader(bytes: Uint8Array, change: (header: unknown) => unknown): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const text = encode(JSON.stringify(change(header)) ?? "null");
  const whole = new Uint8Array(8 + text.length + bytes.length - 8 - length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  whole.set(bytes.subarray(8 + length), 8 + text.length);
  return whole;
}

type Json = Record<string, unknown>;

/** Changes JSON that is kept as text in the metadata of a header. */
function mutateMetadata(header: unknown, random: Random): unknown {
  const { __metadata__: metadata = {} } = header as { readonly __metadata__?: Json };
  const keys = Object.keys(metadata);
  if (keys.length === 0) return mutateJson(header, random);
  const key = pick(random, keys);
  const text = String(metadata[key]);
  const isJson = /^[[{]/.test(text);
  const changed = isJson
    ? JSON.stringify(mutateJson(JSON.parse(text), random))
    : mutateText(text, random);
  return { ...header as Json, __metadata__: { ...metadata, [key]: changed } };
}

function mutateSafetensors(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const seed = pick(random, seeds);
  if (random.integer(3) === 0) return mutateBytes(seed, random, seeds);
  const change = random.integer(2) === 0 ? mutateJson : mutateMetadata;
  return withHeader(seed, (header) => change(header, random));
}

function hasAll({ dims, data }: Tensor): boolean {
  return dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && sizeOf(dims) === data.length;
}

/** Files of tensors by their decoder. */
function ofTensors(
  seeds: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Readonly<Record<string, Tensor>>,
  generate = (random: Random) => mutateBytes(pick(random, seeds), random, seeds),
): OpenFormat {
  return () =>
    Promise.resolve(formatOf({
      seeds,
      generate,
      read: (bytes: Uint8Array) =>
        mustHold(Object.values(decode(bytes)).every(hasAll), "data that do not fit their shape"),
    }));
}

/** Headers of .npy that say all kinds of things. */
function npyOf(random: Random): Uint8Array {
  const descr = pick(random, [
    "<f4",
    "<i8",
    "|b1",
    "|O",
    "<f2",
    ">f4",
    "<U5",
    "|V8",
    "<c8",
    "f4",
    "",
  ]);
  const sizes = Array.from(
    { length: random.integer(5) },
    () => pick(random, [String(edge(random)), "2", "3", "0x2", "1e1", " ", "None", "2L"]),
  );
  const order = pick(random, ["False", "True", "0"]);
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${
    sizes.join(", ")
  },), }\n`;
  const data = new Uint8Array(pick(random, [0, 4, 8, 24, 96]));
  const bytes = new Uint8Array(10 + text.length + data.length);
  bytes.set([0x93, ...encode("NUMPY"), 1, 0, text.length & 255, text.length >> 8]);
  bytes.set(encode(text), 10);
  return bytes;
}

/** Instructions of pickles that make, name, call and share things. */
const pickleOps = [..."(0N)]}t.2Rbqrhjsuaei"].map((op) => op.charCodeAt(0))
  .concat([0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x93, 0x94, 0x95]);
const globals = ["torch._utils\n_rebuild_tensor_v2\n", "torch\nFloatStorage\n", "os\nsystem\n"]
  .concat(["collections\nOrderedDict\n", "torch\nSize\n", "torch._utils\n_rebuild_parameter\n"]);

function pickleOf(random: Random): Uint8Array {
  const parts = Array.from({ length: 1 + random.integer(60) }, (): readonly number[] => {
    switch (random.integer(6)) {
      case 0:
        return [0x63, ...encode(pick(random, globals))];
      case 1:
        return [0x4b, random.integer(256)];
      case 2:
        return [0x4a, random.integer(256), 0, 0, pick(random, [0, 0x7f, 0x80])];
      case 3: {
        const text = encode(pick(random, ["storage", "0", "cpu", "float32", "x"]));
        return [0x8c, text.length, ...text];
      }
      default:
        return [pick(random, pickleOps)];
    }
  });
  return Uint8Array.from([0x80, 2, ...parts.flat(), 0x2e]);
}

/** Archives whose pickle is damaged or made up, and damaged archives. */
function mutateTorch(files: readonly Uint8Array[], random: Random): Uint8Array {
  const file = pick(random, files);
  if (file[0] !== 0x50 || random.integer(3) === 0) return mutateBytes(file, random, files);
  const isOwn = random.integer(2) === 0;
  const entries = [...decodeZip(file)].map(([name, bytes]) => {
    if (!name.endsWith("data.pkl")) return [name, bytes] as const;
    return [name, isOwn ? pickleOf(random) : mutateBytes(bytes, random)] as const;
  });
  return encodeZip(Object.fromEntries(entries));
}

/** As the command line says it. */
async function contentsOf(bytes: Uint8Array): Promise<Contents> {
  try {
    return await readContents(bytes);
  } catch (error) {
    if (error instanceof SyntaxError && error.constructor === SyntaxError) {
      throw new Refused(error.message);
    }
    throw error;
  }
}

const checkpoints = [
  ...filesOf("test/golden/torch", /\.pth$/, 20_000),
  encodeTorchCheckpoint({ perturbation: frame() }),
];
/** The other one asks to run a program. */
const torchFiles = [...checkpoints, ...filesOf("test/golden/torch", /\.pkl$/, 20_000)];
const safetensorsSeeds = [encodeSafetensors(tensors, { note: "x" }), encodeSafetensors({})];
const prompt = encodePrompt(importPrompt({ perturbation: frame() }));
const fingerprint = { graph: "g", provider: "cpu", onnxruntime: "1", threads: "1" };
const state = encodeTrainingState({
  step: 1,
  values: new Float32Array(8),
  moments: { m: new Float32Array(8), v: new Float32Array(8) },
  curve: [{ step: 1, lr: 0.1, loss: 2, terms: {} }],
}, fingerprint);
const zips = [
  encodeZip({ a: encode("hello"), "b/c": new Uint8Array(100) }),
  encodeZip({}, { alignment: 64 }),
  encodeZip({ x: new Uint8Array(3) }, { alignment: 64 }),
];

/** Formats of this file. */
export const tensorFormats = {
  safetensors: ofTensors(
    safetensorsSeeds,
    (bytes) => decodeSafetensors(bytes).tensors,
    (random) => mutateSafetensors([...safetensorsSeeds, prompt], random),
  ),
  npy: ofTensors(Object.values(tensors).map(encodeNpy), (bytes) => ({ x: decodeNpy(bytes) })),
  "npy-header": ofTensors(
    Object.values(tensors).map(encodeNpy),
    (bytes) => ({ x: decodeNpy(bytes) }),
    npyOf,
  ),
  npz: ofTensors([encodeNpz(tensors), encodeNpz({})], decodeNpz),
  zip: () =>
    Promise.resolve(formatOf({
      seeds: zips,
      generate: (random) => mutateBytes(pick(random, zips), random, zips),
      read: (bytes: Uint8Array) => void decodeZip(bytes),
    })),
  torch: ofTensors(
    checkpoints,
    (bytes) => readTorchCheckpoint(bytes).tensors,
    (random) => mutateTorch(torchFiles, random),
  ),
  "prompt-import": () => {
    const exported = encodeNpz(promptTensors(importPrompt({ perturbation: frame() })));
    const arrays = [encodeNpy(frame()), encodeNpz({ delta: frame() }), exported];
    const foreign = [...checkpoints, ...arrays, prompt];
    const right = [...checkpoints.slice(-1), ...arrays];
    return Promise.resolve(formatOf({
      seeds: right,
      generate: (random) =>
        random.integer(2) === 0
          ? mutateTorch(foreign, random)
          : mutateBytes(pick(random, foreign), random, foreign),
      read: async (bytes: Uint8Array) => {
        const contents = await contentsOf(bytes);
        const { delta, meta } = await exportedPrompt(contents) ??
          importPrompt(contents.tensors, { texts: contents.texts ?? {} });
        mustHold(hasAll(delta) && delta.data.every(Number.isFinite), "a prompt that is none");
        mustHold(meta.image <= meta.canvas, "an image beyond its canvas");
      },
    }));
  },
  prompt: () =>
    Promise.resolve(formatOf({
      seeds: [prompt],
      generate: (random) => mutateSafetensors([prompt], random),
      read: (bytes: Uint8Array) => {
        const { canvas, image } = appliedPrompt(decodePrompt(bytes));
        const isSize = (size: unknown) => Number.isSafeInteger(size) && size as number >= 0;
        mustHold(isSize(canvas) && isSize(image) && image <= canvas, "an image beyond its canvas");
      },
    })),
  "training-state": () =>
    Promise.resolve(formatOf({
      seeds: [state],
      generate: (random) => mutateSafetensors([state], random),
      read: (bytes: Uint8Array) => {
        const step =
          decodeTrainingState(bytes, { fingerprint, values: 8, moments: ["m", "v"] }).step;
        mustHold(Number.isSafeInteger(step) && step >= 0, "a step that is not a number");
      },
    })),
} satisfies Record<string, OpenFormat>;
