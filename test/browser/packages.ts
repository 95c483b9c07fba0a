/**
 * What the browser test fetches from npm: pinned, and no imports of this project, because
 * everything in its lock file is downloaded by everyone who runs it.
 *
 * @module
 */
import type { ArtPackage } from "../../lib/drawing/art_packages.ts";
import { openPackage } from "../../lib/drawing/fetch_art.ts";

const onnxruntimeWeb = {
  package: "onnxruntime-web",
  version: "1.30.0",
  integrity:
    "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
  bytes: 33106585,
  licence: "MIT",
  purpose: "the test in a browser",
  files: ["dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm"],
} as const satisfies ArtPackage;

/** Chromium's headless shell for Linux on x86-64, with the libraries that a bare system lacks. */
const chromium = {
  package: "@sparticuz/chromium",
  version: "153.0.0",
  integrity:
    "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
  bytes: 69995309,
  licence: "MIT AND BSD-3-Clause",
  purpose: "the test in a browser, where none is installed",
  files: ["bin/chromium.br", "bin/al2023.tar.br"],
} as const satisfies ArtPackage;

/** Folder with ONNX Runtime for browsers: {@linkcode ortFiles}. */
export async function openOnnxruntimeWeb(): Promise<string> {
  return `${await openPackage(onnxruntimeWeb)}/dist`;
}

/** Names of what a page loads: the module, and the WebAssembly that it asks for. */
export const ortFiles = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"];

/** Folder with `bin/chromium.br` and `bin/al2023.tar.br`. */
export function openChromiumPackage(): Promise<string> {
  return openPackage(chromium);
}
