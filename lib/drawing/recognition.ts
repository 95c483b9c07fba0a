/** Recognition tasks: one drawing of a class in an unseen style, on a cluttered and noisy ground. @module */
import { z } from "zod";
import { clutterParameter, noiseParameter, scaleParameter } from "./look_parameters.ts";
import type { BalancedTask } from "./balanced_task.ts";
import {
  assertDrawnEnough,
  type ClassDrawing,
  type ClassMembers,
  clusterOf,
  describePartition,
  drawingInTurn,
  partitionDrawings,
  stylesParameter,
} from "./class_drawings.ts";
import type { Dataset } from "../data/dataset.ts";
import { randomColour } from "./drawing.ts";
import { drawnDataset } from "./drawn_dataset.ts";
import { paintLoneDrawing } from "./lone_drawing.ts";
import type { SplitSizes } from "./split_sizes.ts";

/** A recognition task. */
export interface RecognitionTask {
  readonly name: string;
  readonly members: ClassMembers;
  readonly sizes: SplitSizes;
  /** Default question. */
  readonly instruction: string;
}

function parametersOf(task: RecognitionTask) {
  return z.strictObject({
    styles: stylesParameter,
    scale: scaleParameter(1.1, 1.3),
    clutter: clutterParameter(0.2),
    noise: noiseParameter(0.12),
    instruction: z.string().default(task.instruction).describe("What the models are asked"),
  });
}

/** Parameters of a recognition task. */
export type RecognitionParameters = z.output<ReturnType<typeof parametersOf>>;

/** The data set of a recognition task. */
export function recognitionDataset(task: RecognitionTask): Dataset {
  return drawnDataset({
    info: {
      name: task.name,
      kind: "classification",
      classes: Object.keys(task.members),
      caption: "this is a photo of a {class}",
    },
    members: task.members,
    parameters: parametersOf(task),
    task: (drawings, settings) => paintedTask(task, drawings, settings),
  });
}

/**
 * The task over given drawings.
 *
 * @throws {DiagnosticError} If a class has no drawing in the styles.
 */
export function paintedTask(
  { name, members, sizes }: RecognitionTask,
  drawings: readonly ClassDrawing[],
  settings: RecognitionParameters,
): BalancedTask {
  assertDrawnEnough(name, members, { drawings, styles: settings.styles });
  const classes = Object.keys(members);
  const partition = partitionDrawings(drawings, name);
  return {
    name,
    answers: classes.length,
    sizes,
    notes: describePartition(drawings),
    row(place) {
      const drawing = drawingInTurn(partition[place.split], classes[place.answer]!, place.turn);
      const colour = randomColour(place.random);
      paintLoneDrawing(place.canvas, place.random, { drawing, colour, look: settings });
      return {
        cluster: clusterOf(drawing),
        style: drawing.style,
        instruction: settings.instruction,
        answer: drawing.class,
        label: place.answer,
      };
    },
  };
}
