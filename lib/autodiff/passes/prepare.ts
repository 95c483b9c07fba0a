/**
 * Brings a model into the form that rules expect: opset 18 or later, functions inlined, shapes
 * inferred, constants folded, ops without a rule rewritten into ops that have one.
 *
 * @module
 */
import { foldConstants } from "../../onnx/passes/fold_constants.ts";
import { inferShapes } from "../../onnx/infer/infer_shapes.ts";
import { inlineFunctions } from "../../onnx/passes/inline_functions.ts";
import type { Model, Node, Weight } from "../../onnx/ir/model.ts";
import { upgradeModel } from "../../onnx/passes/upgrade.ts";
import { widenModel } from "../../onnx/passes/widen_model.ts";
import { composeLayerNorms } from "./compose_normalization.ts";
import { explained } from "../engine/explain.ts";
import { spellOutBatchStatistics } from "../decompositions/batch_statistics.ts";
import { unblockLayout } from "../decompositions/blocked_layout.ts";
import { inlineBranches } from "../decompositions/branches.ts";
import { resolveSequences } from "../decompositions/sequences.ts";
import { isDifferentiable, markPath, type Passage, type Path } from "../engine/mark.ts";
import { carriesStraightThrough } from "./quantized_activations.ts";
import { mostNodes, rewriteNodes } from "../engine/rewrite.ts";
import { RuleLookup, type RuleTable } from "../table/rule_table.ts";

/** What is wanted, and by which rules. */
export interface Request {
  /** Graph inputs. */
  readonly wrt: readonly string[];
  /** Graph outputs. */
  readonly targets: readonly string[];
  readonly rules?: RuleTable | undefined;
  readonly straightThrough?: boolean | undefined;
  readonly precision?: "model" | "float32" | undefined;
}

/** A model whose path consists of nodes that have rules, or else of nodes that nothing can be done about. */
export interface Prepared {
  readonly model: Model;
  readonly path: Path;
  readonly lookup: RuleLookup;
  /** The model before ops were rewritten into others. */
  readonly whole: Model;
}

/** Decompositions may emit ops that are decomposed themselves, but not for ever. */
const maxRounds = 16;

/** Prepares a model for gradients. */
export function prepare(model: Model, request: Request): Prepared {
  const { wrt, targets, rules, straightThrough } = request;
  const typed = (m: Model) =>
    inferShapes(spellOutBatchStatistics(resolveSequences(inlineBranches(foldConstants(m)))));
  const widened = request.precision === "float32" ? widenModel : (m: Model) => m;
  const plain = widened(inlineFunctions(upgradeModel(model)));
  const whole = composeLayerNorms(typed(inferShapes(unblockLayout(plain))));
  const lookup = new RuleLookup(whole, rules);
  const passage: Passage = {
    stops: (node) => lookup.stops(node),
    carries: straightThrough ? carriesStraightThrough : (_node, _i, type) => isDifferentiable(type),
  };
  const mark = ({ graph }: Model) => markPath(graph, wrt, targets, passage);
  const most = mostNodes(whole);
  let current = whole;
  for (let round = 0; round < maxRounds; round++) {
    const marked = mark(current).nodes;
    const todo = new Set(marked.filter((node) => lookup.decomposition(node) !== undefined));
    if (todo.size === 0) break;
    current = typed(
      rewriteNodes(
        current,
        (node, b, original) =>
          todo.has(original)
            ? explained(
              node,
              b,
              () => lookup.decomposition(original)!(node, b),
              lookup.isOwn(original),
            )
            : undefined,
        most,
      ),
    );
  }
  const asked = inferShapes(nameOutputs(current, new Set(mark(current).nodes), lookup));
  return { model: asked, path: mark(asked), lookup, whole };
}

/** Weights as graph inputs, so that nothing that depends on them is folded. */
export function weightsToInputs(model: Model, names: readonly string[]): Model {
  const { graph } = model;
  const initializers = new Map(graph.initializers);
  const known = new Set(graph.inputs.map(({ name }) => name));
  const inputs = [...graph.inputs];
  for (const name of names) {
    const weight = initializers.get(name);
    if (weight === undefined) continue;
    initializers.delete(name);
    if (!known.has(name)) inputs.push({ name, type: typeOf(weight) });
  }
  return { ...model, graph: { ...graph, inputs, initializers } };
}

/** Undoes {@link weightsToInputs}. */
export function inputsToWeights(model: Model, original: Model, names: readonly string[]): Model {
  const initializers = new Map(model.graph.initializers);
  const declared = new Set(original.graph.inputs.map(({ name }) => name));
  for (const name of names) {
    const weight = original.graph.initializers.get(name);
    if (weight !== undefined) initializers.set(name, weight);
  }
  const inputs = model.graph.inputs.filter(({ name }) =>
    declared.has(name) || !initializers.has(name)
  );
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

function typeOf({ dtype, dims }: Weight) {
  return { kind: "tensor", dtype, dims } as const;
}

/** Gives names to absent outputs that a rule reads. */
function nameOutputs(model: Model, marked: ReadonlySet<Node>, lookup: RuleLookup): Model {
  const nodes = model.graph.nodes.map((node) => {
    const wanted = marked.has(node) ? lookup.rule(node)?.readsOutputs ?? 0 : 0;
    const names = Array.from(
      { length: Math.max(wanted, node.outputs.length) },
      (_, i) => node.outputs[i] || (i < wanted ? `${node.outputs[0]}.${i}` : ""),
    );
    return names.every((name, i) => name === node.outputs[i]) ? node : { ...node, outputs: names };
  });
  return { ...model, graph: { ...model.graph, nodes } };
}
