/**
 * Counting: how many times is a class in a scene of up to four drawings? Answers are generated and
 * zero to four are equally frequent (after CLEVR's counting questions, arXiv 1612.06890).
 *
 * @module
 */
import { z } from "zod";
import { clutterParameter, noiseParameter } from "../lib/drawing/look_parameters.ts";
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
import { countNames, frequencyInstruction } from "../lib/drawing/questions.ts";
import { paintScene } from "../lib/drawing/scene.ts";
import { emojiClasses, emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { drawnDataset } from "../lib/drawing/drawn_dataset.ts";

const parameters = z.strictObject({
  styles: stylesParameter,
  clutter: clutterParameter(0.15),
  noise: noiseParameter(0.06),
});

/** Parameters of emoji-count. */
export type EmojiCountParameters = z.output<typeof parameters>;

const dataset: Dataset = drawnDataset({
  info: { name: "emoji-count", kind: "generation" },
  members: emojiMembers,
  parameters,
  task: countTask,
});
export default dataset;

/** The task over given drawings; it holds out those that emoji10 holds out. */
export function countTask(
  drawings: readonly ClassDrawing[],
  settings: EmojiCountParameters,
): BalancedTask {
  assertDrawnEnough("emoji-count", emojiMembers, { drawings, styles: settings.styles });
  const partition = partitionDrawings(drawings, "emoji10");
  return {
    name: "emoji-count",
    answers: countNames.length,
    sizes: { train: 200, validation: 60, test: 200 },
    notes: describePartition(drawings),
    row({ split, answer, random, canvas }) {
      const [asked, classes] = chooseClasses(answer, random);
      const shown = paintScene(canvas, random, {
        ...settings,
        classes,
        drawings: partition[split],
      });
      return {
        cluster: clusterOf(shown[0]!),
        style: shown[0]!.style,
        instruction: frequencyInstruction.replace("{}", asked),
        answer: countNames[answer]!,
        caption: `this is a photo of a ${classes[0]}`,
      };
    },
  };
}

/** A class to ask for, and the classes of a scene that shows it so often, the asked one first. */
function chooseClasses(times: number, random: Random): [string, readonly string[]] {
  const order = [...random.permutation(emojiClasses.length)].map((index) => emojiClasses[index]!);
  const asked = order[0]!;
  const least = Math.max(times, 2);
  const total = least + random.integer(quarters - least + 1);
  const others = Array.from({ length: total - times }, () => order[1 + random.integer(3)]!);
  return [asked, [...Array<string>(times).fill(asked), ...others]];
}

const quarters = 4;
