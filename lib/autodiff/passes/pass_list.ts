/**
 * The passes over a model before the walk back, in order. Every later pass sees one form of each
 * op.
 *
 * @module
 */
import { foldConstants } from "../../onnx/passes/fold_constants.ts";
import { inferShapes } from "../../onnx/infer/infer_shapes.ts";
import { inlineFunctions } from "../../onnx/passes/inline_functions.ts";
import { renameInlined } from "../../onnx/passes/rename_inlined.ts";
import { upgradeModel } from "../../onnx/passes/upgrade.ts";
import { widenModel } from "../../onnx/passes/widen_model.ts";
import { composeLayerNorms } from "./compose_normalization.ts";
import { spellOutBatchStatistics } from "../decompositions/batch_statistics.ts";
import { unblockLayout } from "../decompositions/blocked_layout.ts";
import { inlineBranches } from "../decompositions/branches.ts";
import { resolveSequences } from "../decompositions/sequences.ts";
import type { Model } from "../../onnx/ir/model.ts";

/** A step from model to model. */
export interface Pass {
  readonly name: string;
  readonly apply: (model: Model) => Model;
}

/** Makes types known: done first, and after every round of rewriting. */
export const typingPasses: readonly Pass[] = [
  { name: "fold constants", apply: foldConstants },
  { name: "inline branches whose condition is known", apply: inlineBranches },
  { name: "resolve sequences", apply: resolveSequences },
  { name: "spell out batch statistics", apply: spellOutBatchStatistics },
  { name: "infer shapes", apply: inferShapes },
];

/** Brings a model of any opset into the form that rules expect; `float32` widens 16-bit floats. */
export function formPasses(precision: "model" | "float32" = "model"): readonly Pass[] {
  return [
    { name: "upgrade to opset 18 or later", apply: upgradeModel },
    { name: "inline functions", apply: inlineFunctions },
    { name: "rename what ONNX Runtime has inlined", apply: renameInlined },
    ...(precision === "float32" ? [{ name: "widen to float32", apply: widenModel }] : []),
    { name: "unblock layouts", apply: unblockLayout },
    { name: "infer shapes", apply: inferShapes },
    ...typingPasses,
    { name: "compose layer normalizations", apply: composeLayerNorms },
  ];
}

/** Applies passes one after the other. */
export function applyPasses(model: Model, passes: readonly Pass[]): Model {
  return passes.reduce((current, { apply }) => apply(current), model);
}
