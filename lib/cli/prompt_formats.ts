/** Files of other programs that hold prompts, by extension. @module */
import type { Prompt } from "../prompts/prompt_file.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What an export wrote, and what is to be said of it. */
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
  ".npz": async ({ delta, transformation }) => {
    const { encodeNpz } = await import("../tensor/npz.ts");
    return { bytes: encodeNpz({ delta, ...transformation }) };
  },
  ".safetensors": async (prompt) => {
    const { encodePrompt } = await import("../prompts/prompt_file.ts");
    return { bytes: encodePrompt(prompt) };
  },
  ".pth": async ({ delta, transformation }) => {
    const { encodeTorchCheckpoint } = await import("../tensor/torch_checkpoint.ts");
    return { bytes: encodeTorchCheckpoint({ [OFFICIAL_NAME]: delta, ...transformation }) };
  },
};

type Tensors = Readonly<Record<string, Tensor>>;

async function readTorch(bytes: Uint8Array): Promise<Tensors> {
  const { decodeTorchCheckpoint } = await import("../tensor/torch_checkpoint.ts");
  return decodeTorchCheckpoint(bytes);
}

/** Formats of `prompt import`: tensors by name. */
export const importers: Readonly<Record<string, (bytes: Uint8Array) => Promise<Tensors>>> = {
  ".pth": readTorch,
  ".pt": readTorch,
  ".npz": async (bytes) => (await import("../tensor/npz.ts")).decodeNpz(bytes),
  ".npy": async (bytes) => ({ delta: (await import("../tensor/npy.ts")).decodeNpy(bytes) }),
  ".safetensors": async (bytes) =>
    (await import("../tensor/safetensors.ts")).decodeSafetensors(bytes).tensors,
};
