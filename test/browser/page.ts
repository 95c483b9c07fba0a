/**
 * What runs in the browser: differentiates each case that the server names, runs the gradient graph
 * in ONNX Runtime for the web and posts the tensors, or the error, back.
 *
 * @module
 */
import { addGradients } from "../../lib/autodiff/mod.ts";
import { decodeModel, encodeModel } from "../../lib/onnx/mod.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../lib/tensor/mod.ts";

type Ort = typeof import("onnxruntime-node");
type OrtTensor = import("onnxruntime-node").Tensor;

/** What is asked of the page: a folder of cases below `/cases/`, and what to differentiate in each. */
export interface Task {
  readonly name: string;
  readonly wrt: readonly string[];
}

async function fetchBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok) throw new RangeError(`Cannot fetch ${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function loadOrt(): Promise<Ort> {
  // Not known when the page is bundled, so that the runtime stays out of the bundle.
  const module = "/ort/ort.wasm.bundle.min.mjs";
  const ort: Ort = await import(module);
  ort.env.wasm.wasmPaths = { wasm: "/ort/ort-wasm-simd-threaded.wasm" };
  ort.env.wasm.numThreads = 1;
  return ort;
}

async function differentiate(ort: Ort, { name, wrt }: Task): Promise<Record<string, Tensor>> {
  const model = decodeModel(await fetchBytes(`/cases/${name}/model.onnx`));
  const { tensors } = decodeSafetensors(await fetchBytes(`/cases/${name}/data.safetensors`));
  const cotangents = Object.keys(tensors).flatMap((key) =>
    key.startsWith("ct.") ? [key.slice(3)] : []
  );
  const graph = addGradients(model, { cotangents, wrt });
  const session = await ort.InferenceSession.create(encodeModel(graph));
  const feeds: Record<string, OrtTensor> = {};
  for (const input of session.inputNames) {
    const value = tensors[input] ?? tensors[`in.${input}`];
    if (value === undefined) throw new RangeError(`Cannot feed input "${input}" of ${name}`);
    const type = value.dtype as "float32";
    feeds[input] = new ort.Tensor(type, value.data as Float32Array, [...value.dims]);
  }
  const results = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(results).map(([output, { type, dims, data }]) =>
      [output, { dtype: type, dims, data } as unknown as Tensor] as const
    ),
  );
}

async function post(path: string, body: BodyInit): Promise<void> {
  await fetch(path, { method: "POST", body });
}

async function runTasks(): Promise<void> {
  const tasks: readonly Task[] = await (await fetch("/tasks")).json();
  const ort = await loadOrt();
  for (const task of tasks) {
    const tensors = await differentiate(ort, task);
    await post(`/result/${task.name}`, encodeSafetensors(tensors) as Uint8Array<ArrayBuffer>);
  }
  await post("/done", "");
}

runTasks().catch((error) => post("/error", String(error?.stack ?? error)));
