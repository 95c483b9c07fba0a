/** One op with inputs that keep off its kinks, and how it is checked by differences. @module */
import { checkGradient } from "../../lib/autodiff/check/check_gradient.ts";
import type { CheckOptions, GradientCheck } from "../../lib/autodiff/check/check_gradient.ts";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { type AttributeInput, GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Attribute, Model } from "../../lib/onnx/ir/model.ts";
import { pruneModel } from "../../lib/onnx/passes/prune.ts";
import { ModelSessions } from "../../lib/runtime/model_sessions.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor, zeros } from "../../lib/tensor/tensor.ts";

/** A varied input: uniform random numbers between two bounds. */
export interface Sample {
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** A node, its varied and its constant inputs. */
export interface GradientCase {
  readonly inputs: readonly (Sample | Tensor | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** Number of outputs of the node. */
  readonly outputs?: number;
  /** Outputs that count; by default the first. */
  readonly of?: readonly number[];
  readonly opset?: number;
}

/** A varied input. */
export function x(shape: readonly number[], low = -2, high = 2): Sample {
  return { shape, low, high };
}

/** A constant int64 list. */
export function ints(...values: number[]): Tensor {
  return tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
}

/** A constant int64 tensor. */
export function indices(dims: readonly number[], ...values: number[]): Tensor {
  return tensor("int64", dims, BigInt64Array.from(values, BigInt));
}

/** A constant float32 tensor. */
export function floats(dims: readonly number[], ...values: number[]): Tensor {
  return tensor("float32", dims, Float32Array.from(values));
}

/** A float attribute. */
export function float(value: number): Attribute {
  return { type: "float", value };
}

/** The model of a case: a single node, in the shapes of its samples or with symbolic dimensions. */
export function modelOf(op: string, spec: GradientCase, symbolic: boolean): Model {
  const b = new GraphBuilder({ opset: spec.opset ?? 18 });
  const inputs = spec.inputs.map((input, i) => {
    if (input === undefined) return undefined;
    if ("data" in input) return b.constant(input);
    const dims = symbolic ? input.shape.map((_, axis) => `d${i}_${axis}`) : input.shape;
    return b.input(`x${i}`, "float32", dims);
  });
  const dot = op.lastIndexOf(".");
  const values = b.node(op.slice(dot + 1), inputs, {
    attributes: spec.attributes ?? {},
    domain: op.slice(0, Math.max(0, dot)),
    outputs: spec.outputs ?? 1,
  });
  for (const i of spec.of ?? [0]) b.output(values[i]!, `y${i}`);
  return b.finish();
}

/** Values of the varied inputs. */
export function feedsOf(spec: GradientCase, seed: number): Record<string, Tensor> {
  const random = new Random(seed);
  const entries = spec.inputs.flatMap((input, i) => {
    if (input === undefined || "data" in input) return [];
    const value = zeros("float32", input.shape);
    for (let k = 0; k < value.data.length; k++) {
      value.data[k] = input.low + (input.high - input.low) * random.uniform();
    }
    return [[`x${i}`, value]];
  });
  return Object.fromEntries(entries);
}

/** Runs a model once on the processor. */
export async function runOnce(model: Model, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  return await session.run(feeds);
}

/** Checks a gradient with sessions that last as long as the check. */
export async function checkOnce(
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  options: CheckOptions,
): Promise<GradientCheck> {
  const settings = { provider: "cpu", threads: 1, graphOptimization: "basic" } as const;
  await using sessions = new ModelSessions(settings);
  return await checkGradient(model, feeds, (m, values) => sessions.run(m, values), options);
}

/** How a case is checked. */
export interface CaseOptions {
  /** Dimensions are names. */
  readonly symbolic?: boolean;
  /** Differences are those of the op as it was rewritten, there being no kernel for the op itself. */
  readonly rewritten?: boolean;
}

/** Compares the gradients of a case with differences. */
export async function checkCase(
  op: string,
  spec: GradientCase,
  { symbolic = false, rewritten = false }: CaseOptions = {},
): Promise<GradientCheck> {
  const feeds = feedsOf(spec, 7);
  const outputs = (spec.of ?? [0]).map((i) => `y${i}`);
  const wrt = Object.keys(feeds);
  const model = modelOf(op, spec, symbolic);
  const checked = rewritten
    ? pruneModel(addGradients(model, { cotangents: outputs, wrt }), outputs)
    : model;
  return await checkOnce(checked, feeds, { outputs, wrt });
}

/** Compares the gradients of a case's gradients, random cotangents included, with differences. */
export async function checkSecondOrder(op: string, spec: GradientCase): Promise<GradientCheck> {
  const inputs = feedsOf(spec, 7);
  const wrt = Object.keys(inputs);
  const outputs = (spec.of ?? [0]).map((i) => `y${i}`);
  const model = modelOf(op, spec, false);
  const values = await runOnce(model, inputs);
  const random = new Random(3);
  const cotangents = outputs.map((name) => {
    const value = zeros("float32", values[name]!.dims);
    for (let i = 0; i < value.data.length; i++) value.data[i] = random.normal();
    return [`ct.${name}`, value] as const;
  });
  const first = addGradients(model, { cotangents: outputs, wrt });
  const feeds = { ...inputs, ...Object.fromEntries(cotangents) };
  const gradients = wrt.map((name) => `grad.${name}`);
  return await checkOnce(first, feeds, { outputs: gradients, wrt });
}
