/** Checks whether a prompt can be trained on a model, and names the obstacles. @module */
import { addGradients, unsupportedNodes } from "../autodiff/gradient.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import { composeModels } from "../onnx/passes/compose.ts";
import type { Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { type Placement, placeOnCuda } from "../runtime/placement.ts";
import { hasFloat16, inPrecision } from "./precision.ts";
import type { Precision } from "./precisions.ts";
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
  /** Where the nodes of such a step would run on CUDA. */
  readonly cuda?: Placement;
}

/**
 * Lays out a text, composes the loss of a prompted image and differentiates it with respect to the
 * canvas, without running anything.
 */
export async function checkSource(directory: LanguageModelDirectory): Promise<SourceCheck> {
  try {
    const { graph } = await prepareSource(directory, [example], { batch, canvas });
    const lossIn = (precision: Precision) =>
      withProcessor({ ...graph, model: inPrecision(graph.model, precision) });
    const found = differentiate(lossIn("float32"));
    if (found.cuda === undefined || !hasFloat16(graph.model)) return found;
    return { ...found, cuda: placeOnCuda(addGradients(lossIn("mixed"), request)) };
  } catch (error) {
    if (error instanceof DiagnosticError) return { obstacles: error.diagnostics };
    // The code that composes graphs and processors says what they lack.
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

const request = { of: "source.loss", wrt: ["canvas"] };

function differentiate(loss: Model): SourceCheck {
  const obstacles = unsupportedNodes(loss, request);
  if (obstacles.length > 0) return { obstacles };
  const step = addGradients(loss, request);
  return { obstacles, memory: { batch, ...stepMemory(step, { batch }) }, cuda: placeOnCuda(step) };
}

function plain({ message }: Error): Diagnostic {
  return { code: "no-source", severity: "error", message };
}
