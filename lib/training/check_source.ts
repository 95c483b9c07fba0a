/** Checks whether a prompt can be trained on a model, and names the obstacles. @module */
import { addGradients, unsupportedNodes } from "../autodiff/gradient.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import { composeModels } from "../onnx/passes/compose.ts";
import type { Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { inPrecision } from "./precision.ts";
import { prepareSource } from "./source.ts";
import { type StepMemory, stepMemory } from "./step_memory.ts";

/** Side of the canvas that is tried, and images in a step. */
const [canvas, batch] = [224, 16];

const example = { instruction: "What is this?", answer: "a cat" };

/** Why a model cannot be a source; if it can, the memory of a step. */
export interface SourceCheck {
  readonly obstacles: readonly Diagnostic[];
  /** Memory of a step, and its number of images of 224 pixels. */
  readonly memory?: StepMemory & { readonly batch: number };
}

/**
 * Lays out a text, composes the loss of a prompted image and differentiates it with respect to the
 * canvas, without running anything.
 */
export async function checkSource(directory: LanguageModelDirectory): Promise<SourceCheck> {
  try {
    const { graph } = await prepareSource(directory, [example], { batch, canvas });
    const model = inPrecision(graph.model, "float32");
    return differentiate(withProcessor({ ...graph, model }));
  } catch (error) {
    if (error instanceof DiagnosticError) return { obstacles: error.diagnostics };
    // What a graph or a processor lacks is said in the words of those who compose them.
    if (error instanceof TypeError || error instanceof RangeError) {
      return { obstacles: [plain(error)] };
    }
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

function differentiate(loss: Model): SourceCheck {
  const request = { of: "source.loss", wrt: ["canvas"] };
  const obstacles = unsupportedNodes(loss, request);
  if (obstacles.length > 0) return { obstacles };
  return { obstacles, memory: { batch, ...stepMemory(addGradients(loss, request), { batch }) } };
}

function plain({ message }: Error): Diagnostic {
  return { code: "no-source", severity: "error", message };
}
