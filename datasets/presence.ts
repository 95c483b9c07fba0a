/**
 * Object presence, yes or no: a test of hallucination after POPE (arXiv 2305.10355). Some classes
 * are more frequent than others and some like to be together, so that a model may be led to say yes;
 * the classes asked for that are not there are random, popular, or adversarial ones.
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
import { presenceInstruction } from "../lib/drawing/questions.ts";
import { paintScene } from "../lib/drawing/scene.ts";
import { type EmojiClass, emojiClasses, emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { drawnDataset } from "../lib/drawing/drawn_dataset.ts";

const parameters = z.strictObject({
  negatives: z.enum(["random", "popular", "adversarial"]).default("adversarial")
    .describe(
      "The absent classes in questions: any, the most frequent, or the likeliest companions",
    ),
  shown: z.tuple([z.int().min(1).max(4), z.int().min(1).max(4)]).default([2, 3])
    .refine(([least, most]) => least <= most, "the least number comes first")
    .describe("How many things an image shows, from and to"),
  styles: stylesParameter,
  scale: sceneScaleParameter,
  clutter: clutterParameter(0.15),
  noise: noiseParameter(0.06),
});

/** Parameters of presence. */
export type PresenceParameters = z.output<typeof parameters>;

/** Answers; a row's label is the index. */
const answers = ["yes", "no"] as const;

const dataset: Dataset = drawnDataset({
  info: { name: "presence", kind: "yes-no", classes: answers },
  members: emojiMembers,
  parameters,
  task: presenceTask,
});
export default dataset;

/** Classes from the most frequent to the rarest; the k-th is drawn in proportion to 1/k (Zipf). */
export const popularity: readonly EmojiClass[] = [
  "automobile",
  "dog",
  "bird",
  "cat",
  "truck",
  "horse",
  "ship",
  "airplane",
  "bug",
  "reptile",
];

/** Classes that like to be together, by likelihood. */
export const companions: Readonly<Record<EmojiClass, readonly EmojiClass[]>> = {
  airplane: ["truck", "bird", "automobile"],
  automobile: ["truck", "dog", "airplane"],
  bird: ["reptile", "cat", "bug"],
  cat: ["dog", "bird", "horse"],
  bug: ["horse", "bird", "reptile"],
  dog: ["cat", "horse", "automobile"],
  reptile: ["bird", "bug", "ship"],
  horse: ["bug", "dog", "truck"],
  ship: ["bird", "airplane", "reptile"],
  truck: ["automobile", "horse", "ship"],
};

/** How often a further thing is a companion of the first. */
const together = 0.6;

/** The task over given drawings; it holds out those that emoji10 holds out. */
export function presenceTask(
  drawings: readonly ClassDrawing[],
  settings: PresenceParameters,
): BalancedTask {
  assertDrawnEnough("presence", emojiMembers, { drawings, styles: settings.styles });
  const partition = partitionDrawings(drawings, "emoji10");
  return {
    name: `presence/${settings.negatives}`,
    answers: answers.length,
    sizes: { train: 500, validation: 150, test: 500 },
    notes: [...describePartition(drawings), `Absent classes asked for: ${settings.negatives}`],
    row({ split, answer, random, canvas }) {
      const classes = chooseScene(random, settings.shown);
      const shown = paintScene(canvas, random, {
        ...settings,
        classes,
        drawings: partition[split],
      });
      const asked = answers[answer] === "yes"
        ? classes[random.integer(classes.length)]!
        : chooseAbsent(classes, settings.negatives, random);
      return {
        cluster: clusterOf(shown[0]!),
        style: shown[0]!.style,
        instruction: presenceInstruction.replace("{}", asked),
        answer: answers[answer]!,
        label: answer,
        caption: `this is a photo of a ${classes[0]}`,
      };
    },
  };
}

function popularClass(random: Random): EmojiClass {
  const weights = popularity.map((_, rank) => 1 / (rank + 1));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight);
  return popularity[weights.findIndex((weight) => (left -= weight) < 0)] ?? popularity[0]!;
}

/** Different classes, as many as are shown. */
function chooseScene(
  random: Random,
  [least, most]: PresenceParameters["shown"],
): readonly EmojiClass[] {
  const classes = [popularClass(random)];
  const count = least + random.integer(most - least + 1);
  while (classes.length < count) {
    const near = companions[classes[0]!];
    const next = random.uniform() < together
      ? near[random.integer(near.length)]!
      : popularClass(random);
    if (!classes.includes(next)) classes.push(next);
  }
  return classes;
}

/** How many of the likeliest absent classes are asked for, as POPE takes the top ones. */
const top = 3;

/** A class that is not in the scene. */
export function chooseAbsent(
  scene: readonly EmojiClass[],
  negatives: PresenceParameters["negatives"],
  random: Random,
): EmojiClass {
  const nearness = (name: EmojiClass) =>
    scene.reduce((sum, shown) => {
      const rank = companions[shown].indexOf(name);
      return sum + (rank < 0 ? 0 : companions[shown].length - rank);
    }, 0);
  const rankings = {
    random: () => emojiClasses,
    popular: () => popularity,
    adversarial: () => popularity.toSorted((a, b) => nearness(b) - nearness(a)),
  };
  const absent = rankings[negatives]().filter((name) => !scene.includes(name));
  return absent[random.integer(negatives === "random" ? absent.length : top)]!;
}
