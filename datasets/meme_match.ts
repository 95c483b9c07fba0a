/**
 * Image and text judged together: does "cat on red" fit? A text that does not fit is wrong in the
 * thing or in the colour alone, so that neither image nor text gives the answer alone (after
 * the benign confounders of Hateful Memes, arXiv 2005.04790).
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
  pickDrawing,
  stylesParameter,
} from "../lib/drawing/class_drawings.ts";
import type { Dataset } from "../lib/data/dataset.ts";
import { matchText } from "../lib/drawing/questions.ts";
import { emojiClasses, emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { drawnDataset } from "../lib/drawing/drawn_dataset.ts";
import { paintLoneDrawing } from "../lib/drawing/lone_drawing.ts";
import { colourNames, palette } from "../lib/drawing/palette.ts";

const parameters = z.strictObject({
  styles: stylesParameter,
  scale: scaleParameter(0.8, 1.1),
  clutter: clutterParameter(0.1),
  noise: noiseParameter(0.06),
});

/** Parameters of meme-match. */
export type MemeMatchParameters = z.output<typeof parameters>;

/** Answers; a row's label is the index. */
const answers = ["yes", "no"] as const;

const dataset: Dataset = drawnDataset({
  info: { name: "meme-match", kind: "yes-no", classes: answers },
  members: emojiMembers,
  parameters,
  task: matchTask,
});
export default dataset;

/** The task over given drawings; it holds out those that emoji10 holds out. */
export function matchTask(
  drawings: readonly ClassDrawing[],
  settings: MemeMatchParameters,
): BalancedTask {
  assertDrawnEnough("meme-match", emojiMembers, { drawings, styles: settings.styles });
  const partition = partitionDrawings(drawings, "emoji10");
  return {
    name: "meme-match",
    answers: answers.length,
    sizes: { train: 500, validation: 150, test: 500 },
    notes: describePartition(drawings),
    row({ split, answer, random, canvas }) {
      const shown = emojiClasses[random.integer(emojiClasses.length)]!;
      const ground = colourNames[random.integer(colourNames.length)]!;
      const drawing = pickDrawing(partition[split], shown, random);
      const [thing, colour] = answers[answer] === "yes"
        ? [shown, ground]
        : spoil(shown, ground, random);
      paintLoneDrawing(canvas, random, { drawing, colour: palette[ground]!, look: settings });
      return {
        cluster: clusterOf(drawing),
        style: drawing.style,
        instruction: matchText(thing, colour),
        answer: answers[answer]!,
        label: answer,
        caption: `this is a photo of a ${shown}`,
      };
    },
  };
}

/** The text with one of its two facts changed. */
function spoil(thing: string, colour: string, random: Random): readonly [string, string] {
  return random.uniform() < 0.5
    ? [another(emojiClasses, thing, random), colour]
    : [thing, another(colourNames, colour, random)];
}

function another(names: readonly string[], name: string, random: Random): string {
  const others = names.filter((other) => other !== name);
  return others[random.integer(others.length)]!;
}
