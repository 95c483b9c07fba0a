/** Checks whether a prompt can be trained on a model, and names the obstacles. @module */
import { addGradients, unsupportedNodes } from "../autodiff/gradient.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import { composeModels } from "../onnx/passes/compose.ts";
import type { Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { prepareSource } from "./source.ts";

/** Side of the canvas that is tried. */
const canvas = 224;

const example = { instruction: "What is this?", answer: "a cat" };

/**
 * Lays out a text, composes the loss of a prompted picture and differentiates it with respect to the
 * canvas, without running anything.
 *
 * @returns The obstacles; nothing where the model can be a source.
 */
export async function sourceObstacles(
  directory: LanguageModelDirectory,
): Promise<readonly Diagnostic[]> {
  try {
    const { graph } = await prepareSource(directory, [example], { batch: 1, canvas });
    return obstaclesIn(withProcessor(graph));
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    // What a graph or a processor lacks is said in the words of those who compose them.
    if (error instanceof TypeError || error instanceof RangeError) return [plain(error)];
    throw error;
  }
}

/** The loss of a canvas: processor, then model. */
function withProcessor(
  { processor, model }: { readonly processor: Model; readonly model: Model },
): Model {
  const own = Object.fromEntries(model.graph.inputs.map(({ name }) => [name, name]));
  const whole = composeModels([
    { name: "processor", model: processor, connect: { image: "canvas" } },
    { name: "source", model, connect: { ...own, pixel_values: "processor.pixel_values" } },
  ]);
  return pruneModel(whole, ["source.loss"]);
}

function obstaclesIn(loss: Model): readonly Diagnostic[] {
  const request = { of: "source.loss", wrt: ["canvas"] };
  const nodes = unsupportedNodes(loss, request);
  if (nodes.length === 0) addGradients(loss, request);
  return nodes;
}

function plain({ message }: Error): Diagnostic {
  return { code: "no-source", severity: "error", message };
}
