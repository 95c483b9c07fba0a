/** Finds the devices that ONNX Runtime can use here, and what a missing one lacks. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { neededLibraries } from "./elf.ts";

/** A device a session runs on. */
export type Device = "cpu" | "cuda" | "webgpu";

/**
 * A device, or the fastest that really works. `cuda:1` is the second card; `+tf32` lets it round the
 * factors of products of float32 to 10 bits, as NVIDIA's libraries do where nobody says otherwise.
 */
export type Provider = Device | "auto" | `cuda${"" | `:${number}`}${"" | "+tf32"}`;

/** What a session runs on: `+tf32` where it rounds so. */
export type RanOn = Device | "cuda+tf32";

/** A provider in parts: the device, the number of the card, whether float32 may be rounded. */
export function splitProvider(provider: Exclude<Provider, "auto">): {
  readonly device: Device;
  readonly index: number;
  readonly tf32: boolean;
} {
  const [device, index = "0"] = provider.replace("+tf32", "").split(":");
  return { device: device as Device, index: Number(index), tf32: provider.endsWith("+tf32") };
}

/** A library of the system that a device needs. */
interface LibraryRow {
  /** Names by which it may be found; one is enough. */
  readonly names: readonly string[];
  /** What it is, for people. */
  readonly what: string;
  /** What needs it, where it is loaded only then; without, no session opens. */
  readonly later?: string;
  /** Whether nearly every model needs it all the same. */
  readonly common?: boolean;
}

/** What a device needs and where to look for it. */
interface DeviceRow {
  /** Execution providers handed to ONNX Runtime, in order of preference. */
  readonly executionProviders: readonly Device[];
  /** Files that lie beside ONNX Runtime's binding; the last one names further libraries. */
  readonly besideBinding: readonly string[];
  readonly libraries: readonly LibraryRow[];
  /** What brings files beside the binding. */
  readonly bringFiles?: string;
  /** What brings the driver, the first of the libraries. */
  readonly bringDriver?: string;
  /** What brings the other libraries. */
  readonly bringLibraries?: string;
}

/** The table of devices. */
export const devices: Readonly<Record<Device, DeviceRow>> = {
  cpu: { executionProviders: ["cpu"], besideBinding: [], libraries: [] },
  cuda: {
    executionProviders: ["cuda", "cpu"],
    besideBinding: ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
    libraries: [
      { names: ["libcuda.so.1"], what: "the NVIDIA driver" },
      { names: ["libcudart.so.13"], what: "CUDA 13" },
      { names: ["libcublas.so.13"], what: "cuBLAS" },
      { names: ["libcublasLt.so.13"], what: "cuBLAS" },
      { names: ["libcurand.so.10"], what: "cuRAND" },
      { names: ["libcudnn.so.9"], what: "cuDNN 9", later: "convolutions", common: true },
      { names: ["libcufft.so.12"], what: "cuFFT", later: "Fourier transforms" },
    ],
    bringFiles: "deno task tvp doctor --install cuda",
    bringDriver: "install the NVIDIA driver, of version 580 or later, for CUDA 13",
    bringLibraries:
      "pip install nvidia-cuda-runtime nvidia-cublas nvidia-curand nvidia-cufft nvidia-cudnn-cu13, " +
      "and the folders of their libraries on LD_LIBRARY_PATH",
  },
  webgpu: {
    executionProviders: ["webgpu", "cpu"],
    besideBinding: [],
    libraries: [{ names: ["libvulkan.so.1"], what: "Vulkan" }],
    bringDriver:
      "install a Vulkan driver for the GPU, or a software one such as SwiftShader, and point VK_ICD_FILENAMES at its JSON file",
  },
};

/** Order in which `auto` tries the devices; the last one always works. */
export const automaticOrder: readonly Device[] = ["cuda", "cpu"];

/** A file or library that a device needs, and whether it is there. */
export interface Requirement {
  /** Path or file name. */
  readonly name: string;
  readonly what: string;
  readonly found: boolean;
  /** Operators that need it, where sessions open without it. */
  readonly later?: string;
  /** Whether the device is of no use without it. */
  readonly needed: boolean;
  /** What to do where it is missing. */
  readonly bring?: string;
}

/**
 * Whether the loader of this machine finds a shared library, by its name or path. A process that may
 * not load any cannot say, and finds nothing missing.
 */
export function loads(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

/**
 * Lists what a device needs and whether each part is there, in the order in which it is missed; empty
 * where nothing is known to be needed.
 */
export function requirementsOf(
  device: Device,
  directory: string,
  finds: (library: string) => boolean = loads,
): readonly Requirement[] {
  if (Deno.build.os !== "linux") return [];
  const row = devices[device];
  const files = row.besideBinding.map((name) => ({
    name: `${directory}/${name}`,
    what: "ONNX Runtime's provider",
    found: exists(`${directory}/${name}`),
    needed: true,
    ...(row.bringFiles === undefined ? {} : { bring: row.bringFiles }),
  }));
  const libraries = librariesOf(row, directory).map((library, index) => {
    const { names, what, later, common } = library;
    const bring = index === 0 ? row.bringDriver : row.bringLibraries;
    return {
      ...{ name: names.join(" or "), what },
      found: names.some((name) => finds(name) || finds(`${directory}/${name}`)),
      needed: later === undefined || common === true,
      ...(later === undefined ? {} : { later }),
      ...(bring === undefined ? {} : { bring }),
    };
  });
  return [...files, ...libraries];
}

/** The table's libraries, in the versions that the provider's file itself asks for where it is there. */
function librariesOf(row: DeviceRow, directory: string): readonly LibraryRow[] {
  const provider = row.besideBinding.at(-1);
  const asked = provider === undefined ? [] : neededLibraries(`${directory}/${provider}`);
  const needed = asked.filter((name) => /^lib(cu|nv)/.test(name));
  const stem = (name: string) => name.replace(/\.so.*$/, "");
  const known = row.libraries.map((library) => {
    const own = needed.filter((name) => stem(name) === stem(library.names[0]!));
    return own.length === 0 ? library : { ...library, names: own };
  });
  const stems = new Set(row.libraries.map(({ names }) => stem(names[0]!)));
  const others = needed.filter((name) => !stems.has(stem(name)))
    .map((name) => ({ names: [name], what: "CUDA" }));
  return [...known, ...others];
}

/** The first thing that is missing of what a device is of no use without. */
export function firstMissing(requirements: readonly Requirement[]): Requirement | undefined {
  return requirements.find(({ found, needed }) => needed && !found);
}

/** Says why a device cannot be used: the first thing that is missing, or else what failed; all that is missing; what to do. */
export function explainMissing(
  device: Device,
  cause: string | undefined,
  requirements: readonly Requirement[],
): Diagnostic {
  const first = firstMissing(requirements);
  const missing = requirements.filter(({ found }) => !found);
  const hints = new Set(missing.flatMap(({ bring }) => bring === undefined ? [] : [bring]));
  return {
    code: "provider-unavailable",
    severity: "error",
    message: `Cannot use provider "${device}": ${
      first === undefined
        ? `${firstLine(cause ?? "")}, all that it needs was found`
        : `${first.what} is missing, ${first.name}${first.later ? ` for ${first.later}` : ""}`
    }`,
    notes: [
      ...missing.map(({ name, what, later }) =>
        `Not found: ${name} (${what}${later === undefined ? "" : `, for ${later}`})`
      ),
      ...[...hints].map((hint) => `To bring it: ${hint}`),
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
