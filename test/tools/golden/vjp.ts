/** The vjp level: the gradient of L = Σ ⟨ct.o, out.o⟩ of one graph. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { decodeModel } from "../../../lib/onnx/codec/decode.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import type { Provider } from "../../../lib/runtime/provider.ts";
import { openSession, type Session, type SessionOptions } from "../../../lib/runtime/session.ts";
import { castTensor } from "../../../lib/tensor/convert.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import type { CaseFolder, CaseSpec, Outcome } from "./case.ts";
import { compareTensors, type Comparison, summarise } from "./compare.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Runs a case; a graph that cannot be differentiated still has its forward pass compared. */
export async function runVjp(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  const spec: CaseSpec = JSON.parse(await Deno.readTextFile(join(folder.path, "case.json")));
  const data = decodeSafetensors(await Deno.readFile(join(folder.path, "data.safetensors")));
  const options: SessionOptions = {
    provider,
    threads: 1,
    graphOptimization: spec.ort_graph_optimization === "disable_all" ? "disabled" : "all",
  };
  try {
    return await differentiate(folder, spec, data.tensors, options);
  } catch (error) {
    const forward = await forwardOnly(folder, spec, data.tensors, options);
    return { ok: false, forward, grad: null, error: messageOf(error) };
  }
}

async function differentiate(
  folder: CaseFolder,
  spec: CaseSpec,
  data: Tensors,
  options: SessionOptions,
): Promise<Outcome> {
  const model = await readModel(folder);
  const cotangents = Object.keys(withPrefix(data, "ct."));
  const inputs = (spec.inputs ?? []).filter((input) => input.wrt).map((input) => input.name);
  const wrt = [...inputs, ...spec.wrt_initializers ?? []];
  const graph = addGradients(model, { cotangents, wrt, precision: precisionOn(options.provider) });
  await using session = await openSession(graph, options);
  const results = await session.run(feedsOf(session, data));
  const forward = compareOutputs(results, data, spec);
  const grads = { ...withPrefix(data, "grad."), ...withPrefix(data, "gradw.") };
  const comparisons: Record<string, Comparison> = {};
  for (const name of wrt) {
    const reference = grads[name];
    if (reference !== undefined) {
      comparisons[`grad.${name}`] = compareTensors(results[`grad.${name}`], reference, spec);
    }
  }
  return outcome(forward, comparisons);
}

/** Processors compute 16-bit floats in float32; asked to, they do not round in between either. */
export function precisionOn(provider: Provider | undefined): "model" | "float32" {
  return provider === "cpu" ? "float32" : "model";
}

/** The graph of a case. */
export async function readModel(folder: CaseFolder): Promise<Model> {
  const bytes = await Deno.readFile(join(folder.path, "model.onnx"));
  return decodeModel(bytes, { directory: folder.path });
}

/** Joins the comparisons of both passes into what the case reports. */
export function outcome(
  forward: Readonly<Record<string, Comparison>>,
  grads: Readonly<Record<string, Comparison>>,
): Outcome {
  const [f, g] = [summarise(forward), summarise(grads)];
  const failures = [...f.failures, ...g.failures];
  const ok = failures.length === 0;
  return { ok, forward: f.worst, grad: g.worst, ...(ok ? {} : { error: failures.join("; ") }) };
}

async function forwardOnly(
  folder: CaseFolder,
  spec: CaseSpec,
  data: Tensors,
  options: SessionOptions,
): Promise<number | null> {
  try {
    await using session = await openSession(await readModel(folder), options);
    const results = await session.run(feedsOf(session, data));
    return summarise(compareOutputs(results, data, spec)).worst;
  } catch {
    return null;
  }
}

function compareOutputs(
  results: Tensors,
  data: Tensors,
  spec: CaseSpec,
): Record<string, Comparison> {
  const references = Object.entries(withPrefix(data, "out."));
  return Object.fromEntries(
    references.map(([name, reference]) => [name, compareTensors(results[name], reference, spec)]),
  );
}

/** The recorded values of a session's inputs. */
export function feedsOf(session: Session, data: Tensors): Record<string, Tensor> {
  return Object.fromEntries(session.inputs.flatMap((spec) => {
    const value = data[spec.name] ?? data[`in.${spec.name}`];
    return value === undefined ? [] : [[spec.name, castTensor(value, spec.dtype)]];
  }));
}

/** Entries whose name starts with a prefix, without it. */
export function withPrefix(data: Tensors, prefix: string): Tensors {
  return Object.fromEntries(
    Object.entries(data).filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** The first lines of an error, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n").slice(0, 3).join(" | ").slice(0, 500);
}
