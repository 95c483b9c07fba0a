/** Every format that comes from strangers. @module */
import { attestationFormats } from "./attestation_formats.ts";
import { cacheFormats } from "./cache_formats.ts";
import { networkFormats } from "./network_formats.ts";
import type { OpenFormat } from "./format.ts";
import { onnxFormats } from "./onnx_formats.ts";
import { tensorFormats } from "./tensor_formats.ts";
import { textFormats } from "./text_formats.ts";

/** How each is opened, by name. */
export const formats = {
  ...onnxFormats,
  ...tensorFormats,
  ...textFormats,
  ...cacheFormats,
  ...attestationFormats,
  ...networkFormats,
} satisfies Record<string, OpenFormat>;

/** Name of a format. */
export type FormatName = keyof typeof formats;
