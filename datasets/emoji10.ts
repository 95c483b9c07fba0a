/**
 * CIFAR-10's ten classes drawn in art styles that no zoo model has seen, on cluttered and noisy
 * backgrounds.
 *
 * @module
 */
import { z } from "zod";
import { DiagnosticError } from "../lib/diagnostic/diagnostic.ts";
import { Random } from "../lib/tensor/random.ts";
import {
  artBytes,
  artSize,
  type ArtStyle,
  type Artwork,
  loadArtwork,
  type Subject,
} from "./art.ts";
import type { Dataset, LoadOptions, Row, Split } from "./dataset.ts";
import {
  addNoise,
  canvasLength,
  canvasSize,
  jitterColour,
  paintGround,
  paintSprite,
  randomColour,
  randomPose,
  spriteOf,
  toBytes,
} from "./drawing.ts";
import { rowSeed, type SplitName, splitSizes } from "./split_sizes.ts";
import { classMembers, type TenClass, tenClasses } from "./ten_classes.ts";

const parameters = z.strictObject({
  styles: z.array(z.enum(["emojione", "emojione-v1", "openmoji", "fxemoji", "fluent-emoji"])).min(1)
    .default(["emojione", "emojione-v1", "openmoji", "fxemoji"])
    .describe("Art styles; fluent-emoji is a download of 14 MB and near to a style of the zoo"),
  scale: z.tuple([z.number().positive(), z.number().positive()]).default([1.1, 1.3])
    .describe("Edge of the drawing relative to the picture, from and to"),
  clutter: z.number().min(0).default(0.2).describe("Largest strength of blobs on the background"),
  noise: z.number().min(0).default(0.12).describe("Largest deviation of pixel noise"),
  instruction: z.string().default("This is a photo of a").describe("What the models are asked"),
});

/** Parameters of emoji10. */
export type Emoji10Parameters = z.output<typeof parameters>;

/** A drawing of a class. */
export interface ClassDrawing {
  readonly class: TenClass;
  /** Unicode name of the emoji. */
  readonly label: string;
  readonly style: ArtStyle;
  readonly pixels: Uint8Array;
}

/** Drawings of each split. */
export type Partition = Readonly<Record<SplitName, readonly ClassDrawing[]>>;

const rowsPerClass = { train: 100, validation: 50, test: 100 };

/** Classes with fewer drawings share them among the splits. */
const leastDrawings = 6;

const dataset: Dataset = {
  info: {
    name: "emoji10",
    kind: "classification",
    classes: tenClasses,
    caption: "this is a photo of a {class}",
    licence:
      "CC-BY-4.0 (emojione), CC-BY-SA-4.0 (emojione-v1, openmoji), Apache-2.0 (fxemoji), MIT (fluent-emoji)",
    source:
      "npm:@iconify-json/{emojione,emojione-v1,openmoji,fxemoji}, where asked for npm:@iconify-json/fluent-emoji",
  },
  parameters,
  async load(options) {
    const settings = parameters.parse(options.parameters ?? {});
    const subjects = tenClasses.flatMap((name) => classMembers[name]).map((label) => ({ label }));
    const artworks: Artwork[] = [];
    const { onProgress: _, ...downloads } = options;
    for (const style of settings.styles) {
      artworks.push(await loadArtwork(style, subjects, downloads));
    }
    return drawSplits(listDrawings(subjects, artworks), settings, options);
  },
};
export default dataset;

/** The different drawings of the classes in the given styles. */
export function listDrawings(
  subjects: readonly Subject[],
  artworks: readonly Artwork[],
): readonly ClassDrawing[] {
  const drawings: ClassDrawing[] = [];
  const seen = new Set<string>();
  for (const name of tenClasses) {
    for (const { style, drawn, pixels } of artworks) {
      subjects.forEach(({ label }, index) => {
        if (!drawn[index] || !classMembers[name].includes(label)) return;
        const drawing = pixels.subarray(index * artBytes, (index + 1) * artBytes);
        // Old sets have one icon under several names; a drawing counts once.
        const content = drawing.toBase64();
        if (!seen.has(content)) drawings.push({ class: name, label, style, pixels: drawing });
        seen.add(content);
      });
    }
  }
  return drawings;
}

/**
 * Which drawings each split may use: disjoint where a class has at least six, with two fifths of
 * them for the test and a fifth for validation; all of them in every split otherwise.
 */
export function partitionDrawings(drawings: readonly ClassDrawing[]): Partition {
  const partition: Record<SplitName, ClassDrawing[]> = { train: [], validation: [], test: [] };
  for (const name of tenClasses) {
    const own = drawings.filter((drawing) => drawing.class === name);
    const order = new Random(`emoji10/partition/${name}`).permutation(own.length);
    const shuffled = [...order].map((index) => own[index]!);
    const test = Math.round(own.length * 0.4);
    const validation = Math.round(own.length * 0.2);
    const apart = own.length >= leastDrawings;
    partition.test.push(...(apart ? shuffled.slice(0, test) : own));
    partition.validation.push(...(apart ? shuffled.slice(test, test + validation) : own));
    partition.train.push(...(apart ? shuffled.slice(test + validation) : own));
  }
  return partition;
}

/**
 * The three splits, balanced over the classes.
 *
 * @throws {DiagnosticError} If a class has no drawing in the styles.
 */
export function drawSplits(
  drawings: readonly ClassDrawing[],
  settings: Emoji10Parameters,
  options: LoadOptions,
): Readonly<Record<SplitName, Split>> {
  const empty = tenClasses.filter((name) => !drawings.some((drawing) => drawing.class === name));
  if (empty.length > 0) {
    throw new DiagnosticError([{
      code: "missing-drawings",
      severity: "error",
      message: `Cannot draw emoji10 in ${settings.styles.join(", ")}: no drawing of ${
        empty.join(", ")
      }`,
      notes: ["Add the style emojione, which draws all ten classes"],
    }]);
  }
  const sizes = splitSizes(rowsPerClass, options);
  const partition = partitionDrawings(drawings);
  const notes = describeSplits(drawings);
  const total = 10 * (sizes.train + sizes.validation + sizes.test);
  let done = 0;
  const draw = (split: SplitName): Split => {
    const rows: Row[] = [];
    const images = new Uint8Array(10 * sizes[split] * canvasLength);
    for (let index = 0; index < 10 * sizes[split]; index++) {
      options.signal?.throwIfAborted();
      const own = partition[split].filter((one) => one.class === tenClasses[index % 10]);
      const random = new Random(rowSeed("emoji10", split, { seed: options.seed, index }));
      const drawing = own[random.integer(own.length)]!;
      paintRow(images.subarray(index * canvasLength, (index + 1) * canvasLength), drawing, {
        random,
        settings,
      });
      rows.push(toRow(drawing, settings.instruction, `emoji10/${split}/${index}`));
      options.onProgress?.(++done, total);
    }
    return { rows, images, height: canvasSize, width: canvasSize, notes };
  };
  return { train: draw("train"), validation: draw("validation"), test: draw("test") };
}

function toRow(drawing: ClassDrawing, instruction: string, id: string): Row {
  return {
    id,
    cluster: `${drawing.class}/${drawing.label}/${drawing.style}`,
    instruction,
    answer: drawing.class,
    label: tenClasses.indexOf(drawing.class),
  };
}

function paintRow(
  out: Uint8Array,
  drawing: ClassDrawing,
  { random, settings }: { random: Random; settings: Emoji10Parameters },
): void {
  const canvas = new Float32Array(canvasLength);
  paintGround(canvas, random, { colour: randomColour(random), clutter: settings.clutter });
  const sprite = spriteOf(drawing.pixels, artSize);
  jitterColour(sprite, random);
  const range = { scale: settings.scale, degrees: 25, shift: 0.9, mirror: true };
  paintSprite(canvas, sprite, randomPose(random, range));
  addNoise(canvas, random, settings.noise);
  toBytes(canvas, out);
}

function describeSplits(drawings: readonly ClassDrawing[]): readonly string[] {
  const count = (name: TenClass) => drawings.filter((drawing) => drawing.class === name).length;
  const list = (names: readonly TenClass[]) =>
    names.map((name) => `${name} (${count(name)})`).join(", ") || "none";
  return [
    `Splits are disjoint in drawings for: ${
      list(tenClasses.filter((name) => count(name) >= leastDrawings))
    }`,
    `Splits share drawings and differ in background and pose for: ${
      list(tenClasses.filter((name) => count(name) < leastDrawings))
    }`,
    "Validation and test pictures do not depend on the seed; training pictures do",
  ];
}
