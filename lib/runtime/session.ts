/** Sessions. Only this file loads ONNX Runtime. @module */
import { dirname, join } from "@std/path";
import { createRequire } from "node:module";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { encodeModel } from "../onnx/codec/encode.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  automaticOrder,
  type Device,
  devices,
  explainMissing,
  firstMissing,
  type Provider,
  type RanOn,
  type Requirement,
  requirementsOf,
  splitProvider,
} from "./provider.ts";
import { fitsBuffer, materialiseModel } from "./session_folder.ts";
import { convolutionProbe, probeModel } from "./probe_model.ts";
import { runError, sessionError } from "./session_error.ts";
import { checkFeeds, type TensorSpec } from "./session_feeds.ts";

export type { TensorSpec } from "./session_feeds.ts";

type Ort = typeof import("onnxruntime-node");
type OrtSession = import("onnxruntime-node").InferenceSession;
type OrtTensor = import("onnxruntime-node").Tensor;
type OrtOptions = import("onnxruntime-node").InferenceSession.SessionOptions;

/** How to open a session. */
export interface SessionOptions {
  /** Default `auto`: the fastest that really works. */
  readonly provider?: Provider;
  /** Threads inside an operator; default 2. */
  readonly threads?: number;
  /** `disabled` keeps the graph as written; default `all`. */
  readonly graphOptimization?: "all" | "extended" | "basic" | "disabled";
  /** Sizes of symbolic dimensions, known beforehand. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Parent of the folder in which a model with external weights is laid out. */
  readonly sessionFolder?: string;
  /** Name of the model in messages; default its path, or "the model". */
  readonly name?: string;
  /** Called with messages, such as a note that weights are copied. */
  readonly log?: (line: string) => void;
  /** Called with the facts of the session, once it is open. */
  readonly onOpen?: (facts: SessionFacts) => void;
}

/** What a session runs on. */
export interface SessionFacts {
  readonly provider: RanOn;
  readonly versions: { readonly onnxruntime: string };
}

/** A model ready to run. */
export interface Session extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** The device it runs on. */
  readonly provider: RanOn;
  /**
   * Runs the model.
   *
   * @param feeds One tensor for each input, no more and no less.
   * @param outputs Names of the outputs to compute; default all.
   * @throws {TypeError} If inputs are missing, unknown, or of another type or shape; all are named.
   * @throws {DiagnosticError} If a node of the model cannot compute what it is given.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: readonly string[],
  ): Promise<Record<string, Tensor>>;
}

/**
 * Opens a session on a model: the graph, its bytes, or the path of an .onnx file.
 *
 * @throws {DiagnosticError} If the model cannot be read or the provider does not work here.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { openSession } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * await using session = await openSession(b.finish(), { provider: "cpu", threads: 1 });
 * const x = { dtype: "float32", dims: [2], data: new Float32Array([1, -3]) } as const;
 * const { y } = await session.run({ x });
 * assertEquals(y?.data, new Float32Array([-1, 3]));
 * ```
 */
export async function openSession(
  model: Model | Uint8Array | string,
  options: SessionOptions = {},
): Promise<Session> {
  const ort = await loadOrt();
  const provider = options.provider ?? "auto";
  const device = await resolveProvider(provider);
  const name = options.name ?? (typeof model === "string" ? `"${model}"` : "the model");
  const ortOptions = toOrtOptions(provider === "auto" ? device : provider, options);
  const ranOn = isRounded(provider) ? "cuda+tf32" : device;
  const session = await createSession(ort, model, ortOptions, name, options);
  if (device === "cuda" && typeof model === "object" && "graph" in model && options.log) {
    const { fallbackLine, placeOnCuda } = await import("./placement.ts");
    const line = fallbackLine(placeOnCuda(model));
    if (line !== undefined) options.log(`warning: ${line}`);
  }
  options.onOpen?.({ provider: ranOn, versions: { onnxruntime: await runtimeVersion() } });
  return new OrtBackedSession(ort, session, ranOn);
}

/** What sessions run on that are opened with a provider. */
export async function ranOnWith(provider: Provider): Promise<RanOn> {
  return isRounded(provider) ? "cuda+tf32" : await resolveProvider(provider);
}

function isRounded(provider: Provider): boolean {
  return provider !== "auto" && splitProvider(provider).tf32;
}

/** Version of ONNX Runtime. */
export async function runtimeVersion(): Promise<string> {
  const { versions } = (await loadOrt()).env;
  return versions.node ?? versions.common;
}

let loading: Promise<Ort> | undefined;

function loadOrt(): Promise<Ort> {
  return loading ??= importOrt();
}

/**
 * Since 1.30 ONNX Runtime for Linux keeps an id and events in the user's home and sends them to its
 * makers, unless a variable says before it is loaded that it should not.
 */
async function importOrt(): Promise<Ort> {
  if (!Deno.env.has(telemetryOff)) Deno.env.set(telemetryOff, "1");
  const ort = await import("onnxruntime-node");
  ort.env.logLevel = "fatal";
  return ort;
}

const telemetryOff = "ORT_DISABLE_TELEMETRY";

function toOrtOptions(provider: Exclude<Provider, "auto">, options: SessionOptions): OrtOptions {
  const { device, index, tf32 } = splitProvider(provider);
  // Read by cuBLAS and cuDNN themselves: the binding has no option for it.
  if (device === "cuda") Deno.env.set("NVIDIA_TF32_OVERRIDE", tf32 ? "1" : "0");
  return {
    executionProviders: devices[device].executionProviders.map((name) =>
      name === "cuda" && index > 0 ? { name, deviceId: index } : name
    ),
    intraOpNumThreads: options.threads ?? 2,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: options.graphOptimization ?? "all",
    enableCpuMemArena: true,
    // One block of memory for a whole run was no faster where it was measured, and half again as large.
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(options.dims === undefined ? {} : { freeDimensionOverrides: options.dims }),
  };
}

async function createSession(
  ort: Ort,
  model: Model | Uint8Array | string,
  ortOptions: OrtOptions,
  name: string,
  options: SessionOptions,
): Promise<OrtSession> {
  try {
    if (typeof model === "string") return await ort.InferenceSession.create(model, ortOptions);
    if (model instanceof Uint8Array) return await ort.InferenceSession.create(model, ortOptions);
    if (fitsBuffer(model)) return await ort.InferenceSession.create(encodeModel(model), ortOptions);
    return await createInFolder(ort, model, ortOptions, options);
  } catch (error) {
    throw sessionError(name, error);
  }
}

async function createInFolder(
  ort: Ort,
  model: Model,
  ortOptions: OrtOptions,
  options: SessionOptions,
): Promise<OrtSession> {
  const folder = await materialiseModel(model, encodeModel, {
    ...(options.sessionFolder === undefined ? {} : { parent: options.sessionFolder }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  try {
    return await ort.InferenceSession.create(folder.path, ortOptions);
  } finally {
    // An open or mapped file outlives its name; where it does not, the removal fails quietly.
    await folder.remove();
  }
}

class OrtBackedSession implements Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider: RanOn;
  readonly #ort: Ort;
  readonly #session: OrtSession;
  readonly #inputsByName: ReadonlyMap<string, TensorSpec>;

  constructor(ort: Ort, session: OrtSession, provider: RanOn) {
    this.#ort = ort;
    this.#session = session;
    this.provider = provider;
    this.inputs = toSpecs(session.inputMetadata);
    this.outputs = toSpecs(session.outputMetadata);
    this.#inputsByName = new Map(this.inputs.map((spec) => [spec.name, spec]));
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: readonly string[],
  ): Promise<Record<string, Tensor>> {
    checkFeeds(feeds, this.#inputsByName);
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, value] of Object.entries(feeds)) inputs[name] = toOrt(this.#ort, value);
    const names = outputs ?? this.#session.outputNames;
    const results = await this.#results(inputs, names);
    return Object.fromEntries(names.map((name) => [name, fromOrt(name, results[name])]));
  }

  async #results(
    inputs: Readonly<Record<string, OrtTensor>>,
    names: readonly string[],
  ): Promise<Awaited<ReturnType<OrtSession["run"]>>> {
    try {
      return await this.#session.run(inputs, [...names]);
    } catch (error) {
      throw runError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

type OrtMetadata = OrtSession["inputMetadata"][number];

function toSpecs(metadata: readonly OrtMetadata[]): readonly TensorSpec[] {
  return metadata.flatMap((value) =>
    value.isTensor
      ? [{ name: value.name, dtype: value.type as DType, dims: value.shape as readonly Dim[] }]
      : []
  );
}

/** What a run gave, by the tensors that were made of it: fed to the next run it passes as it is. */
const given = new WeakMap<Tensor, OrtTensor>();

/** Wraps a tensor without copying its data. */
function toOrt(ort: Ort, value: Tensor): OrtTensor {
  const known = given.get(value);
  if (known !== undefined) return known;
  const { dtype, dims, data } = value;
  const Make = ort.Tensor as unknown as new (
    dtype: string,
    data: unknown,
    dims: readonly number[],
  ) => OrtTensor;
  if (dtype !== "float16") return new Make(dtype, data, dims);
  // The constructor would make a Float16Array, which Deno cannot pass to native code; the binding
  // reads the bits from a Uint16Array just as well.
  const bits = new Make("uint16", data, dims);
  return Object.defineProperty(bits, "type", { value: "float16" });
}

function fromOrt(name: string, value: OrtTensor | undefined): Tensor {
  if (value === undefined) throw new TypeError(`Cannot read output "${name}": it was not computed`);
  const dtype = value.type as DType;
  if (!(dtype in dtypes)) {
    throw new TypeError(`Cannot read output "${name}": its element type is ${value.type}`);
  }
  const data = value.data as unknown as ArrayBufferView & { length: number };
  const storage = new dtypes[dtype].array(data.buffer, data.byteOffset, data.length);
  const tensor = { dtype, dims: value.dims, data: storage };
  if (dtype !== "float16") given.set(tensor, value);
  return tensor;
}

const probes = new Map<string, Promise<string | undefined>>();

/** Opens and runs a tiny model on a device. @returns What went wrong, or undefined. */
function probeDevice(
  provider: Exclude<Provider, "auto">,
  model: () => Uint8Array = probeModel,
): Promise<string | undefined> {
  const key = `${provider} ${model.name}`;
  const known = probes.get(key);
  if (known !== undefined) return known;
  const probe = tryDevice(provider, model());
  probes.set(key, probe);
  return probe;
}

async function tryDevice(
  provider: Exclude<Provider, "auto">,
  model: Uint8Array,
): Promise<string | undefined> {
  try {
    const ort = await loadOrt();
    const raw = await ort.InferenceSession.create(model, toOrtOptions(provider, {}));
    const session = new OrtBackedSession(ort, raw, splitProvider(provider).device);
    const x: Tensor = { dtype: "float32", dims: [1, 1, 1, 2], data: new Float32Array([1, 2]) };
    const { y } = await session.run({ x });
    await session[Symbol.asyncDispose]();
    return y?.data[1] === 4 ? undefined : "A tiny model gave a wrong result";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * What keeps a device from running most models: a library that is loaded late only, such as cuDNN,
 * is noticed by a convolution. @returns Undefined where it works.
 */
export async function obstacleOn(
  provider: Exclude<Provider, "auto">,
): Promise<string | undefined> {
  return await probeDevice(provider) ?? await probeDevice(provider, convolutionProbe);
}

/**
 * Picks the device: the one asked for, or for `auto` the first on which a convolution works.
 *
 * @throws {DiagnosticError} If the device asked for does not work here; what is missing is named.
 */
export async function resolveProvider(provider: Provider): Promise<Device> {
  if (provider === "cpu") return "cpu";
  if (provider !== "auto") {
    const { device } = splitProvider(provider);
    const requirements = deviceRequirements(device);
    const isComplete = firstMissing(requirements) === undefined;
    const cause = isComplete ? await probeDevice(provider) : undefined;
    if (isComplete && cause === undefined) return device;
    throw new DiagnosticError([explainMissing(device, cause, requirements)]);
  }
  for (const device of automaticOrder) {
    if (device === "cpu" || (mayWork(device) && await obstacleOn(device) === undefined)) {
      return device;
    }
  }
  return "cpu";
}

/** Whether the files that lie beside the binding are there: a cheap first look. */
function mayWork(device: Device): boolean {
  const directory = bindingDirectory();
  return devices[device].besideBinding.every((name) => {
    try {
      return Deno.statSync(join(directory, name)).isFile;
    } catch {
      return false;
    }
  });
}

/** What a device needs on this machine and whether it is there. */
export function deviceRequirements(device: Device): readonly Requirement[] {
  return requirementsOf(device, bindingDirectory());
}

/** The folder of ONNX Runtime's native binding. */
export function bindingDirectory(): string {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node");
  const os = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return join(dirname(dirname(entry)), "bin", "napi-v6", os, cpu);
}
