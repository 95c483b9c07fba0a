/**
 * Brings a model into the form that rules expect: opset 18 or later, functions inlined, shapes
 * inferred, constants folded, ops without a rule rewritten into ops that have one.
 *
 * @module
 */
import { inferShapes } from "../../onnx/infer/infer_shapes.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { explained } from "../engine/explain.ts";
import { type Activity, findActivity, isDifferentiable, type Passage } from "../engine/activity.ts";
import { applyPasses, formPasses, typingPasses } from "./pass_list.ts";
import { carriesStraightThrough } from "./quantized_activations.ts";
import { maxNodes, rewriteNodes } from "../engine/rewrite.ts";
import { RuleLookup, type RuleTable } from "../table/rule_table.ts";

/** What is wanted, and by which rules. */
export interface GradientRequest {
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
  readonly path: Activity;
  readonly lookup: RuleLookup;
  /** The model before ops were rewritten into others. */
  readonly whole: Model;
}

/** Decompositions may emit ops that are decomposed themselves, but not for ever. */
const maxRounds = 16;

/** Prepares a model for gradients. */
export function prepare(model: Model, request: GradientRequest): Prepared {
  const { wrt, targets, rules, straightThrough } = request;
  const whole = applyPasses(model, formPasses(request.precision));
  const lookup = new RuleLookup(whole, rules);
  const passage: Passage = {
    stops: (node) => lookup.stops(node),
    carries: straightThrough ? carriesStraightThrough : (_node, _i, type) => isDifferentiable(type),
  };
  const mark = ({ graph }: Model) => findActivity(graph, wrt, targets, passage);
  const most = maxNodes(whole);
  let current = whole;
  for (let round = 0; round < maxRounds; round++) {
    const marked = mark(current).nodes;
    const todo = new Set(marked.filter((node) => lookup.decomposition(node) !== undefined));
    if (todo.size === 0) break;
    current = applyPasses(
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
      typingPasses,
    );
  }
  const asked = inferShapes(nameOutputs(current, new Set(mark(current).nodes), lookup));
  return { model: asked, path: mark(asked), lookup, whole };
}

/** Gives names to absent outputs that a rule reads. */
function nameOutputs(model: Model, marked: ReadonlySet<Node>, lookup: RuleLookup): Model {
  const nodes = model.graph.nodes.map((node) => {
    const read = marked.has(node) ? lookup.rule(node)?.readsOutputs ?? 0 : 0;
    const wanted = typeof read === "number" ? read : read(node);
    const names = Array.from(
      { length: Math.max(wanted, node.outputs.length) },
      (_, i) => node.outputs[i] || (i < wanted ? `${node.outputs[0]}.${i}` : ""),
    );
    return names.every((name, i) => name === node.outputs[i]) ? node : { ...node, outputs: names };
  });
  return { ...model, graph: { ...model.graph, nodes } };
}
