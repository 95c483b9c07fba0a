/** Reads and writes prompts in the file formats of other programs. @module */
import type { Prompt } from "../artifacts/prompt.ts";
import { standIn } from "../diagnostic/stand_in.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What an export wrote, and a note on it. */
export interface Written {
  readonly bytes: Uint8Array;
  readonly note?: string;
}

/** The name of δ in the official checkpoint of TVP and of EVP. */
const OFFICIAL_NAME = "perturbation";

/** Formats of `prompt export`. */
export const exporters: Readonly<Record<string, (prompt: Prompt) => Promise<Written>>> = {
  ".png": async ({ delta }) => {
    const { encodePng } = await import("../vision/encode_png.ts");
    const largest = delta.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const grey = delta.data.map((value) => 0.5 + (largest > 0 ? value / largest / 2 : 0));
    const [, height, width] = delta.dims as [number, number, number];
    const note = `mid-grey is 0, black and white are ∓${largest.toPrecision(3)}`;
    return { bytes: await encodePng(grey, { height, width }), note };
  },
  ".npz": async (prompt) => {
    const { promptTensors } = await import("../artifacts/prompt.ts");
    const { encodeNpz } = await import("../tensor/npz.ts");
    const { delta, ...others } = promptTensors(prompt);
    return { bytes: encodeNpz({ delta, ...others }) };
  },
  ".safetensors": async (prompt) => {
    const { encodePrompt } = await import("../artifacts/prompt.ts");
    return { bytes: encodePrompt(prompt) };
  },
  ".pth": async (prompt) => {
    const { promptTensors } = await import("../artifacts/prompt.ts");
    const { encodeTorchCheckpoint } = await import("../tensor/encode_torch_checkpoint.ts");
    const { delta, ...others } = promptTensors(prompt);
    return { bytes: encodeTorchCheckpoint({ [OFFICIAL_NAME]: delta, ...others }) };
  },
};

/** What a file of another program holds: tensors by name, and texts that lie beside them. */
export interface Contents {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly texts?: Readonly<Record<string, string>>;
}

/**
 * The prompt in a file that `prompt export` wrote; none in files of other programs.
 *
 * @throws {SyntaxError} If it was damaged.
 */
export async function exportedPrompt({ tensors }: Contents): Promise<Prompt | undefined> {
  const { promptOfTensors } = await import("../artifacts/prompt.ts");
  const { [OFFICIAL_NAME]: delta, ...others } = tensors;
  return promptOfTensors(delta === undefined ? others : { delta, ...others });
}

/** Formats of `prompt import`, recognised by a file's first bytes: its name says little. */
interface Importer {
  /** Whether it is this format. */
  matches(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array): Promise<Contents>;
}

const startsWith = (bytes: Uint8Array, text: string, at = 0) =>
  [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));

const importers = {
  npy: {
    matches: (bytes) => startsWith(bytes, "\x93NUMPY"),
    read: async (bytes) => ({
      tensors: { delta: (await import("../tensor/npy.ts")).decodeNpy(bytes) },
    }),
  },
  zip: { matches: (bytes) => startsWith(bytes, "PK"), read: readZip },
  safetensors: {
    matches: (bytes) => startsWith(bytes, "{", 8),
    read: async (bytes) => {
      const { decodeSafetensors } = await import("../tensor/safetensors.ts");
      return decodeSafetensors(bytes, { unknownTypes: "leave-out" });
    },
  },
  // A pickle of protocol 2 or later names its protocol first, an older one begins a tuple or dictionary.
  pickle: {
    matches: (bytes) => bytes[0] === 0x80 || /^[(\]}l]/.test(String.fromCharCode(bytes[0] ?? 0)),
    read: readTorch,
  },
} satisfies Record<string, Importer>;

async function readTorch(bytes: Uint8Array): Promise<Contents> {
  const { readTorchCheckpoint } = await import("../tensor/torch_checkpoint.ts");
  return readTorchCheckpoint(bytes);
}

/** `torch.save` and `numpy.savez` both write archives. */
async function readZip(bytes: Uint8Array): Promise<Contents> {
  const { zipNames } = await import("../tensor/unzip.ts");
  if (zipNames(bytes).some((name) => name.endsWith("/data.pkl"))) return await readTorch(bytes);
  return { tensors: (await import("../tensor/npz.ts")).decodeNpz(bytes) };
}

/**
 * Reads the tensors of a file of another program.
 *
 * @throws {SyntaxError} If the file is of no known format, or damaged.
 */
export async function readContents(bytes: Uint8Array): Promise<Contents> {
  if (bytes.length === 0) throw new SyntaxError("the file is empty");
  const importer = Object.values(importers).find(({ matches }) => matches(bytes));
  if (importer !== undefined) return await importer.read(bytes);
  const known = standIn(String.fromCharCode(...bytes.subarray(0, 1024)));
  const files = "a file of PyTorch (.pth), NumPy (.npz, .npy) or safetensors";
  throw new SyntaxError(`it is ${known ?? `not ${files}`}`);
}
