/**
 * The colour of the background behind a drawing: a question about an attribute, of which no drawing
 * gives the answer (after CLEVR's questions about colours, arXiv 1612.06890).
 *
 * @module
 */
import { z } from "zod";
import {
  clutterParameter,
  noiseParameter,
  scaleParameter,
} from "../lib/drawing/look_parameters.ts";
import type { Random } from "../lib/tensor/random.ts";
import type { BalancedTask } from "../lib/drawing/balanced_task.ts";
import {
  assertDrawnEnough,
  type ClassDrawing,
  clusterOf,
  describePartition,
  partitionDrawings,
  stylesParameter,
} from "../lib/drawing/class_drawings.ts";
import type { Dataset } from "../lib/data/dataset.ts";
import type { Colour } from "../lib/drawing/drawing.ts";
import { drawnDataset } from "../lib/drawing/drawn_dataset.ts";
import { emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { paintLoneDrawing } from "../lib/drawing/lone_drawing.ts";
import { colourNames, paletteColours } from "../lib/drawing/palette.ts";
import { colourCaption } from "../lib/drawing/captions.ts";
import { instructions } from "../lib/drawing/questions.ts";

const parameters = z.strictObject({
  blend: z.number().min(0).max(0.5).default(0.35)
    .describe("Largest share of another colour that is mixed in"),
  styles: stylesParameter,
  scale: scaleParameter(0.8, 1.1),
  clutter: clutterParameter(0.2),
  noise: noiseParameter(0.1),
});

/** Parameters of colour10. */
export type Colour10Parameters = z.output<typeof parameters>;

const dataset: Dataset = drawnDataset({
  info: { name: "colour10", kind: "generation" },
  members: emojiMembers,
  parameters,
  task: colourTask,
});
export default dataset;

/** The task over given drawings; it holds out those that emoji10 holds out. */
export function colourTask(
  drawings: readonly ClassDrawing[],
  settings: Colour10Parameters,
): BalancedTask {
  assertDrawnEnough("colour10", emojiMembers, { drawings, styles: settings.styles });
  const partition = partitionDrawings(drawings, "emoji10");
  return {
    name: "colour10",
    answers: colourNames.length,
    sizes: { train: 100, validation: 50, test: 100 },
    notes: describePartition(drawings),
    row({ split, answer, random, canvas }) {
      const own = partition[split];
      const drawing = own[random.integer(own.length)]!;
      const colour = blended(answer, settings.blend, random);
      paintLoneDrawing(canvas, random, { drawing, colour, look: settings });
      return {
        cluster: clusterOf(drawing),
        style: drawing.style,
        instruction: instructions.colour[0]!,
        answer: colourNames[answer]!,
        caption: colourCaption(colourNames[answer]!),
      };
    },
  };
}

/** A named colour with a part of another one, and still nearer to its own name than to any other. */
function blended(index: number, most: number, random: Random): Colour {
  while (true) {
    const other = paletteColours[random.integer(paletteColours.length)]!;
    const share = random.uniform(0, most);
    const colour = paletteColours[index]!.map((value, channel) =>
      value + share * (other[channel]! - value)
    ) as [number, number, number];
    if (nearest(colour) === index) return colour;
  }
}

/** The place of the named colour that is nearest in red, green and blue. */
function nearest(colour: Colour): number {
  const distances = paletteColours.map((named) =>
    named.reduce((sum, value, channel) => sum + (value - colour[channel]!) ** 2, 0)
  );
  return distances.indexOf(Math.min(...distances));
}
