/** Checks a request for gradients: the names exist, and their values hold floats. @module */
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { nearest } from "../../diagnostic/suggest.ts";
import { inferShapes } from "../../onnx/infer/infer_shapes.ts";
import { oldestOpset } from "../../onnx/ir/oldest_opset.ts";
import type { Model, ValueInfo } from "../../onnx/ir/model.ts";
import { upgradeModel } from "../../onnx/passes/upgrade.ts";
import { isDifferentiable, typesOf } from "./activity.ts";

/** Names as they are given. */
export interface RequestedNames {
  readonly of?: string;
  readonly cotangents?: readonly string[];
  readonly wrt: readonly string[];
  readonly dims?: Readonly<Record<string, number>>;
}

/** @throws {DiagnosticError} If the diagnostics are not none. */
export function refuseAll(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
}

/** What is wrong with the names, one diagnostic each. */
export function wrongNames(model: Model, names: RequestedNames): Diagnostic[] {
  return [
    ...wrongTargets(model, names),
    ...wrongSources(model, names.wrt),
    ...wrongDims(model, names.dims ?? {}),
  ];
}

/** The model in the given sizes, as far as they are given, and in a version that rules know. */
export function requestedModel(model: Model, { dims }: RequestedNames): Model {
  refuseAll(tooOld(model));
  return upgradeModel(dims === undefined ? model : inferShapes(model, { dims }));
}

function wrongTargets({ graph }: Model, { of, cotangents }: RequestedNames): Diagnostic[] {
  const outputs = graph.outputs.map(({ name }) => name);
  const targets = cotangents ?? (of === undefined ? [] : [of]);
  if (targets.length === 0) {
    return [problem("nothing is named in `of` or `cotangents`", { Outputs: outputs })];
  }
  if (of !== undefined && cotangents !== undefined) {
    return [
      problem("both `of` and `cotangents` are given, expected one of them", { Outputs: outputs }),
    ];
  }
  const typeOf = typesOf(graph);
  const inner = new Set(graph.nodes.flatMap((node) => node.outputs));
  return targets.flatMap((name) => {
    if (!outputs.includes(name)) {
      const cause = `the model has no output "${name}"`;
      const hint = inner.has(name) ? `${cause}, only an inner value of this name` : cause;
      return [problem(hint, { Outputs: outputs }, name)];
    }
    if (isDifferentiable(typeOf(name))) return [];
    return [problem(`output "${name}" does not hold floats`, { Outputs: outputs })];
  });
}

function wrongSources({ graph }: Model, wrt: readonly string[]): Diagnostic[] {
  const typeOf = typesOf(graph);
  const inputs = graph.inputs.map(({ name }) => name);
  const floats = [...graph.initializers.keys()].filter((name) => isDifferentiable(typeOf(name)));
  const lists = { Inputs: inputs, ...(floats.length > 0 && { Weights: floats }) };
  return wrt.flatMap((name) => {
    if (!inputs.includes(name) && !graph.initializers.has(name)) {
      const cause = `the model has no input or initializer "${name}"`;
      return [problem(cause, lists, name)];
    }
    if (isDifferentiable(typeOf(name))) return [];
    return [problem(`"${name}" does not hold floats`, { Inputs: inputs })];
  });
}

function wrongDims({ graph }: Model, dims: Readonly<Record<string, number>>): Diagnostic[] {
  const known = [...new Set(graph.inputs.flatMap(symbolsOf))];
  return Object.entries(dims).flatMap(([name, size]) => {
    if (!known.includes(name)) {
      return [problem(`no input has a dimension "${name}"`, { Dimensions: known }, name)];
    }
    if (Number.isSafeInteger(size) && size >= 0) return [];
    return [problem(`dimension "${name}" cannot be ${size}`, { Dimensions: known })];
  });
}

/** Names of dimensions, those inside expressions included. */
function symbolsOf({ type }: ValueInfo): string[] {
  const dims = type.kind === "tensor" ? type.dims ?? [] : [];
  return dims.flatMap((dim) =>
    typeof dim === "string" && !dim.startsWith("?") ? [dim, ...dim.match(/[\w.:/]+/g) ?? []] : []
  );
}

function tooOld({ opset }: Model): Diagnostic[] {
  if (opset >= oldestOpset) return [];
  return [{
    code: "old-opset",
    severity: "error",
    message:
      `Cannot differentiate a model of opset ${opset}: the oldest that is supported is ${oldestOpset}`,
    notes: ["Convert the model to a newer opset (onnx.version_converter)"],
  }];
}

/** @param known Names that there are, by what they name. @param given The name that is not one. */
function problem(
  cause: string,
  known: Readonly<Record<string, readonly string[]>>,
  given?: string,
): Diagnostic {
  const near = given === undefined ? undefined : nearest(given, Object.values(known).flat());
  const lists = Object.entries(known).map(([kind, names]) => {
    const shown = names.slice(0, 20).map((name) => `"${name}"`).join(", ");
    return `${kind}: ${shown || "none"}${names.length > 20 ? ", …" : ""}`;
  });
  return {
    code: "unknown-value",
    severity: "error",
    message: `Cannot differentiate: ${cause}`,
    notes: [...(near === undefined ? [] : [`Did you mean "${near}"?`]), ...lists],
  };
}
