/** Finds the devices that ONNX Runtime can use here, and what a missing one lacks. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { neededLibraries } from "./elf.ts";

/** A device a session runs on. */
export type Device = "cpu" | "cuda" | "webgpu";

/** A device, or the fastest that really works. */
export type Provider = Device | "auto";

/** What a device needs and where to look for it. */
interface DeviceRow {
  /** Execution providers handed to ONNX Runtime, in order of preference. */
  readonly executionProviders: readonly string[];
  /** Files that lie beside ONNX Runtime's binding; the last one names further libraries. */
  readonly besideBinding: readonly string[];
  /** System libraries; each row lists alternatives, of which one is enough. */
  readonly libraries: readonly (readonly string[])[];
  /** What to do where something is missing. */
  readonly advice: readonly string[];
}

/** The table of devices. */
export const devices: Readonly<Record<Device, DeviceRow>> = {
  cpu: { executionProviders: ["cpu"], besideBinding: [], libraries: [], advice: [] },
  cuda: {
    executionProviders: ["cuda", "cpu"],
    besideBinding: ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
    libraries: [
      ["libcuda.so.1"],
      ["libcudart.so.13", "libcudart.so.12"],
      ["libcublas.so.13", "libcublas.so.12"],
      ["libcublasLt.so.13", "libcublasLt.so.12"],
      ["libcurand.so.10"],
      ["libcufft.so.12", "libcufft.so.11"],
      ["libcudnn.so.9"],
    ],
    advice: [
      "Put libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so beside the binding, from the package's install script or a GPU build of the same version",
      "Install an NVIDIA driver, CUDA's runtime libraries and cuDNN 9, and put them on LD_LIBRARY_PATH",
    ],
  },
  webgpu: {
    executionProviders: ["webgpu", "cpu"],
    besideBinding: [],
    libraries: [["libvulkan.so.1"]],
    advice: [
      "Install a Vulkan driver for the GPU, or a software one such as SwiftShader, and point VK_ICD_FILENAMES at its JSON file",
    ],
  },
};

/** Order in which `auto` tries the devices; the last one always works. */
export const automaticOrder: readonly Device[] = ["cuda", "cpu"];

/** A file or library that a device needs, and where it was found. */
export interface Requirement {
  readonly name: string;
  readonly found: boolean;
}

/** Whether the loader of this machine finds a shared library. */
export function loads(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch {
    return false;
  }
}

/** Lists what a device needs and whether each part is there; empty where nothing is known to be needed. */
export function requirementsOf(device: Device, bindingDirectory: string): readonly Requirement[] {
  if (Deno.build.os !== "linux") return [];
  const row = devices[device];
  const files = row.besideBinding.map((name) => ({
    name: `${bindingDirectory}/${name}`,
    found: exists(`${bindingDirectory}/${name}`),
  }));
  const libraries = librariesOf(row, bindingDirectory).map((alternatives) => ({
    name: alternatives.join(" or "),
    found: alternatives.some(loads),
  }));
  return [...files, ...libraries];
}

/** The libraries that the provider's file itself asks for, or the table's where it is absent. */
function librariesOf(row: DeviceRow, bindingDirectory: string): readonly (readonly string[])[] {
  const provider = row.besideBinding.at(-1);
  const needed = provider === undefined ? [] : neededLibraries(`${bindingDirectory}/${provider}`);
  const vendor = needed.filter((name) => /^lib(cu|nv)/.test(name));
  if (vendor.length === 0) return row.libraries;
  const driver = row.libraries.filter((names) => names[0]?.startsWith("libcuda.so"));
  return [...driver, ...vendor.filter((name) => !name.startsWith("libcuda.so")).map((n) => [n])];
}

/** Says why a device cannot be used: what failed, what is missing, what to do. */
export function explainMissing(
  device: Device,
  cause: string,
  requirements: readonly Requirement[],
): Diagnostic {
  const missing = requirements.filter((r) => !r.found).map((r) => r.name);
  const found = missing.length === 0 ? "all that it needs was found" : "";
  return {
    code: "provider-unavailable",
    severity: "error",
    message: `Cannot use provider "${device}": ${firstLine(cause)}${found && `, ${found}`}`,
    notes: [
      ...missing.map((name) => `Not found: ${name}`),
      ...devices[device].advice,
      'Use --provider cpu, or "auto", which takes the fastest provider that works',
    ],
  };
}

/** The part of ONNX Runtime's message that says something: without source files and assertions. */
function firstLine(text: string): string {
  const line = text.split("\n", 1)[0]!;
  return line.replace(/^.* was false\. /, "").trim().replace(/\.$/, "");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
