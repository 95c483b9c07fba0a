/**
 * Counting: how many times is a class in a scene of up to four drawings, or how many drawings are
 * there? Answers are generated, and each number is equally frequent (after CLEVR's counting
 * questions, arXiv 1612.06890; arXiv 2404.11207 asks how many objects there are).
 *
 * @module
 */
import { z } from "zod";
import {
  clutterParameter,
  noiseParameter,
  sceneScaleParameter,
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
import { captionForms, countCaption, countNames } from "../lib/drawing/captions.ts";
import { frequencyInstruction, instructions } from "../lib/drawing/questions.ts";
import { paintScene } from "../lib/drawing/scene.ts";
import { emojiClasses, emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { drawnDataset } from "../lib/drawing/drawn_dataset.ts";

const parameters = z.strictObject({
  of: z.enum(["class", "all"]).default("class")
    .describe("What is counted: a class, zero to four times, or all one to four drawings"),
  styles: stylesParameter,
  scale: sceneScaleParameter,
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
  const { answers, ask } = counting[settings.of];
  return {
    name: "emoji-count",
    answers: answers.length,
    sizes: { train: 200, validation: 60, test: 200 },
    notes: describePartition(drawings),
    row({ split, answer, random, canvas }) {
      const { instruction, caption, classes } = ask(answers[answer]!, random);
      const shown = paintScene(canvas, random, {
        ...settings,
        classes,
        drawings: partition[split],
      });
      return {
        cluster: clusterOf(shown[0]!),
        style: shown[0]!.style,
        instruction,
        answer: countNames[answers[answer]!]!,
        caption,
      };
    },
  };
}

/** A question, the classes of a scene that it is about, and the scene's caption. */
interface Asked {
  readonly instruction: string;
  readonly caption: string;
  readonly classes: readonly string[];
}

/** What can be counted: the answers, and a scene of which one is right. */
const counting: Readonly<
  Record<EmojiCountParameters["of"], {
    readonly answers: readonly number[];
    readonly ask: (times: number, random: Random) => Asked;
  }>
> = {
  class: {
    answers: [0, 1, 2, 3, 4],
    ask(times, random) {
      const [asked, classes] = chooseClasses(times, random);
      return {
        instruction: frequencyInstruction.replace("{}", asked),
        caption: captionForms[0]!.replace("{}", classes[0]!),
        classes,
      };
    },
  },
  all: {
    answers: [1, 2, 3, 4],
    ask: (times, random) => ({
      instruction: instructions.count[0]!,
      caption: countCaption(countNames[times]!),
      classes: Array.from(
        { length: times },
        () => emojiClasses[random.integer(emojiClasses.length)]!,
      ),
    }),
  },
};

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
