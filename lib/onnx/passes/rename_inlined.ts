/** Renames what ONNX Runtime has named while it inlined functions. @module */
import type { Model } from "../ir/model.ts";
import { renameGraph } from "../ir/rename.ts";

/** How ONNX Runtime's names of values in inlined functions begin; a number follows, counted in each load. */
const inlined = "_inlfunc_";

/**
 * Models that ONNX Runtime saved hold names that it gives again where it inlines another function, as of
 * an op that was added since. Then the model cannot be opened; so the values get other names. Inputs,
 * outputs and weights keep theirs.
 */
export function renameInlined(model: Model): Model {
  const { nodes, outputs } = model.graph;
  const made = new Set(
    nodes.flatMap((node) => node.outputs).filter((name) => name.startsWith(inlined)),
  );
  for (const { name } of outputs) made.delete(name);
  if (made.size === 0) return model;
  const rename = (name: string) => made.has(name) ? `saved${name}` : name;
  return { ...model, graph: renameGraph(model.graph, rename) };
}
