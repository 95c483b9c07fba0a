/**
 * The world that the zoo's models learn from: random images of about 1400 drawn concepts and ten
 * typeset digits, with the facts that questions and captions are made of. No downstream task uses its
 * art styles, and none of them is share-alike.
 *
 * @module
 */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Random } from "../tensor/random.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import {
  artBytes,
  type ArtOptions,
  artSize,
  type ArtStyle,
  type Artwork,
  loadArtwork,
  type ZooStyle,
} from "./art.ts";
import { changeImage, type ChangeName } from "./changes/change_table.ts";
import { type Concept, loadConcepts } from "./concepts.ts";
import {
  addNoise,
  canvasLength,
  canvasSize,
  type Colour,
  contrastingColours,
  contrastingInk,
  inkSprite,
  jitterColour,
  paintGround,
  paintSprite,
  quadrants,
  randomColour,
  randomPose,
  type Sprite,
  spriteOf,
} from "./drawing.ts";
import { likeTasks } from "./seen_by_zoo.ts";
import { tenClasses } from "./ten_classes.ts";
import { tenFruits } from "./ten_fruits.ts";
import { loadTypeset, maskSize, type TypefaceKind, type Typeset } from "./typeset.ts";

/** Styles of the first zoo. */
const firstStyles = ["noto", "twemoji", "fluent-emoji-flat"] as const satisfies ZooStyle[];

/** Names of the digits. */
export const digitNames: readonly string[] = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
];

/** Colours of backgrounds that are asked for. */
export const palette: Readonly<Record<string, Colour>> = {
  red: [0.85, 0.15, 0.15],
  green: [0.2, 0.65, 0.25],
  blue: [0.2, 0.35, 0.85],
  yellow: [0.95, 0.85, 0.25],
  purple: [0.55, 0.25, 0.7],
  orange: [0.95, 0.55, 0.15],
  white: [0.95, 0.95, 0.95],
  black: [0.08, 0.08, 0.08],
  grey: [0.5, 0.5, 0.5],
  pink: [0.97, 0.65, 0.78],
};

/** Names of the colours, in the order that {@linkcode Fact.colour} counts. */
export const colourNames: readonly string[] = Object.keys(palette);

const paletteColours = Object.values(palette);

/** A drawing or digit on an image. */
export interface Sight {
  /** Index in {@linkcode ZooWorld.names}. */
  readonly concept: number;
  /** Index in {@linkcode ZooWorld.kinds}. */
  readonly kindIndex: number;
}

/** What is on an image. */
export interface Fact extends Sight {
  /** One drawing, copies of one, several that may differ, or a digit. */
  readonly kind: "single" | "multiple" | "scene" | "digit";
  /** Everything on it; of a scene, `concept` and `kindIndex` are any one of these. */
  readonly sights: readonly Sight[];
  /** Index in {@linkcode colourNames} of the background, or -1 where it has no name. */
  readonly colour: number;
  /** Number of sights, 1 to 4. */
  readonly count: number;
  /** Art style of the drawing, or `typeset`. */
  readonly style: ArtStyle | "typeset";
  /** Whether the image is shrunk and zero padded, as a frame prompt will find it. */
  readonly shrunk: boolean;
}

/** How images are drawn. */
export interface ImageOptions {
  /** Edge of a single drawing relative to the canvas. Default 0.3 to 1.3. */
  readonly scale?: readonly [number, number];
  /** Share of images of a typeset digit. Default 0.2. */
  readonly digits?: number;
  /** Share of images with 1 to 4 copies of a drawing. Default 0.1. */
  readonly multiples?: number;
  /** Share of images with 2 to 4 drawings that may differ. Default 0.2. */
  readonly scenes?: number;
  /** Share of images that are shrunk and padded. Default 0.25. */
  readonly shrunk?: number;
  /** Edge of a shrunk image in pixels. Default 48. */
  readonly image?: number;
  /** Largest strength of blobs on the background. Default 0.15. */
  readonly clutter?: number;
  /** Largest deviation of pixel noise. Default 0.06. */
  readonly noise?: number;
  /** Changes that are made to some of the images. Default none. */
  readonly changes?: readonly ChangeName[];
}

/** Images and what is on them. */
export interface Batch {
  /** `[n, 3, 64, 64]`, from 0 to 1; what changes put around an image may lie beyond. */
  readonly images: Float32Array;
  readonly facts: readonly Fact[];
}

/** The concepts of the world and its camera. */
export interface ZooWorld {
  /** Names of all concepts, then of the ten digits. */
  readonly names: readonly string[];
  /** Kind of each name, as an index in `kinds`. */
  readonly kindOf: Int32Array;
  /** Sorted names of kinds; CIFAR-10's classes and `digit` are among them. */
  readonly kinds: readonly string[];
  /** Words for each name: the name, its kind, tags. */
  readonly words: readonly (readonly string[])[];
  /** A random concept, as likely as on an image of a drawing. */
  sampleConcept(random: Random): number;
  /** Draws `n` random images, about 0.5 ms each. */
  sampleBatch(random: Random, n: number, options?: ImageOptions): Batch;
}

/** What a world is made of. */
export interface ZooMaterial {
  readonly concepts: readonly Concept[];
  /** One for each style, over the same concepts. */
  readonly artworks: readonly Artwork[];
  readonly typeset: Typeset;
  /** How much more often favoured drawings are drawn than others. Default 8. */
  readonly boost?: number;
  /** Names and kinds of the favoured ones. Default CIFAR-10's classes and the ten fruits. */
  readonly favoured?: readonly string[];
  /** Whether they are drawn equally often, however many drawings each has. Default false. */
  readonly balanced?: boolean;
}

const defaults: Required<ImageOptions> = {
  scale: [0.3, 1.3],
  digits: 0.2,
  multiples: 0.1,
  scenes: 0.2,
  shrunk: 0.25,
  image: 48,
  clutter: 0.15,
  noise: 0.06,
  changes: [],
};

/** Share of images whose background has a colour with a name. */
const namedColours = 0.5;

/** What a world is opened with. */
export interface WorldOptions
  extends ArtOptions, Pick<ZooMaterial, "boost" | "favoured" | "balanced"> {
  /** Default {@linkcode firstStyles}. */
  readonly styles?: readonly ZooStyle[];
  /** Kinds of typefaces of the digits. Default `print`. */
  readonly typefaces?: readonly TypefaceKind[];
}

/**
 * Opens the world: fetches 18 MB of packages and renders 4000 drawings on first use (some ten
 * seconds), reads them from the folder of downloads afterwards.
 *
 * @throws {DiagnosticError} If a package cannot be fetched.
 *
 * @example
 * ```ts ignore
 * const world = await openZooWorld({ downloads: ".tvp/downloads" });
 * const { images, facts } = world.sampleBatch(new Random(0), 64);
 * ```
 */
export async function openZooWorld(options: WorldOptions = {}): Promise<ZooWorld> {
  const { styles = firstStyles, typefaces: kinds = ["print"], ...others } = options;
  const { boost, favoured, balanced, ...art } = others;
  const concepts = await loadConcepts(art);
  const artworks: Artwork[] = [];
  for (const style of styles) artworks.push(await loadArtwork(style, concepts, art));
  const typeset = await loadTypeset({ ...art, kinds });
  const drawnOften = {
    ...(boost === undefined ? {} : { boost }),
    ...(favoured === undefined ? {} : { favoured }),
    ...(balanced === undefined ? {} : { balanced }),
  };
  return makeZooWorld({ concepts, artworks, typeset, ...drawnOften });
}

/**
 * The world over given material. Concepts without a drawing are left out.
 *
 * @throws {DiagnosticError} If a favoured name is neither a concept's nor a kind's.
 */
export function makeZooWorld(material: ZooMaterial): ZooWorld {
  assertKnown(material.favoured ?? [], material.concepts);
  const kept = material.concepts.map((_, index) => index)
    .filter((index) => material.artworks.some((art) => mayShow(art, material.concepts, index)));
  const concepts = kept.map((index) => material.concepts[index]!);
  const kinds = [...new Set([...concepts.map((concept) => concept.kind), "digit"])].sort();
  const kindNames = [...concepts.map((concept) => concept.kind), ...digitNames.map(() => "digit")];
  const names = [...concepts.map((concept) => concept.label), ...digitNames];
  const kindOf = Int32Array.from(kindNames, (kind) => kinds.indexOf(kind));
  const words = names.map((name, index) => {
    const more = concepts[index]?.tags ?? [String(index - concepts.length)];
    return [...new Set([name, kindNames[index]!, ...more])];
  });
  const camera: Camera = {
    drawings: listDrawings(material, kept),
    typeset: material.typeset,
    kindOf,
    concepts: concepts.length,
  };
  return {
    names,
    kinds,
    kindOf,
    words,
    sampleConcept: (random) => randomDrawing(camera, random).concept,
    sampleBatch: (random, n, options = {}) => takeImages(camera, random, { n, ...options }),
  };
}

function assertKnown(favoured: readonly string[], concepts: readonly Concept[]): void {
  const known = new Set(concepts.flatMap(({ kind, label }) => [kind, label]));
  const unknown = favoured.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  const kinds = [...new Set(concepts.map(({ kind }) => kind))].sort();
  throw new DiagnosticError([{
    code: "unknown-concept",
    severity: "error",
    message: `Cannot draw ${
      unknown.map((name) => JSON.stringify(name)).join(", ")
    } more often: no drawing of the zoo's world has this name or kind`,
    notes: [`Kinds: ${kinds.join(", ")}`],
  }]);
}

interface Drawing {
  readonly concept: number;
  readonly style: ArtStyle;
  readonly pixels: Uint8Array;
}

interface Camera {
  /** Drawings, as often as they should be drawn. */
  readonly drawings: readonly Drawing[];
  readonly typeset: Typeset;
  readonly kindOf: Int32Array;
  readonly concepts: number;
}

/** Whether a style draws a concept, in a way that no task does. */
function mayShow(art: Artwork, concepts: readonly Concept[], index: number): boolean {
  return art.drawn[index]! && !likeTasks.has(`${art.style}/${concepts[index]!.label}`);
}

/** Every drawing, as often as it is to be drawn. */
function listDrawings(material: ZooMaterial, kept: readonly number[]): Drawing[] {
  const favoured = new Set<string>(material.favoured ?? [...tenClasses, ...tenFruits]);
  const shown = material.artworks.flatMap((art) =>
    kept.flatMap((from, concept) => {
      if (!mayShow(art, material.concepts, from)) return [];
      const { kind, label } = material.concepts[from]!;
      const pixels = art.pixels.subarray(from * artBytes, (from + 1) * artBytes);
      const group = [kind, label].find((name) => favoured.has(name));
      return [{ drawing: { concept, style: art.style, pixels }, group }];
    })
  );
  const times = timesOf(shown.map(({ group }) => group), material);
  return shown.flatMap(({ drawing, group }): Drawing[] => Array(times(group)).fill(drawing));
}

/** How often a drawing is listed: once, or as often as its group is favoured. */
function timesOf(
  groups: readonly (string | undefined)[],
  { boost = 8, balanced = false }: ZooMaterial,
): (group: string | undefined) => number {
  const sizes = new Map<string, number>();
  for (const group of groups) {
    if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const mean = [...sizes.values()].reduce((sum, size) => sum + size, 0) / sizes.size;
  return (group) => {
    if (group === undefined) return 1;
    return balanced ? Math.max(1, Math.round(boost * mean / sizes.get(group)!)) : boost;
  };
}

function takeImages(
  camera: Camera,
  random: Random,
  options: ImageOptions & { n: number },
): Batch {
  const settings = { ...defaults, ...options };
  const images = new Float32Array(settings.n * canvasLength);
  const facts: Fact[] = [];
  for (let i = 0; i < settings.n; i++) {
    const canvas = images.subarray(i * canvasLength, (i + 1) * canvasLength);
    const fact = takeImage(camera, random, { canvas, settings });
    addNoise(canvas, random, settings.noise);
    const shrunk = random.uniform() < settings.shrunk;
    if (shrunk) {
      const sizes = { from: canvasSize, image: settings.image, canvas: canvasSize };
      canvas.set(shrinkAndPad(canvas, sizes));
    }
    facts.push({ ...fact, shrunk });
  }
  if (settings.changes.length === 0) return { images, facts };
  return changeImages({ images, facts }, settings.changes, random);
}

/** Makes the changes; each image gets the next one of the batch beside it. */
function changeImages(
  { images, facts }: Batch,
  names: readonly ChangeName[],
  random: Random,
): Batch {
  const before = images.slice();
  const changed = facts.map((fact, i) => {
    const next = (i + 1) % facts.length * canvasLength;
    const canvas = images.subarray(i * canvasLength, (i + 1) * canvasLength);
    const other = before.subarray(next, next + canvasLength);
    const { recoloured } = changeImage(names, { canvas, other, isShrunk: fact.shrunk }, random);
    return recoloured ? { ...fact, colour: -1 } : fact;
  });
  return { images, facts: changed };
}

interface Painting {
  readonly canvas: Float32Array;
  readonly settings: Required<ImageOptions>;
}

type Seen = Omit<Fact, "shrunk">;

function takeImage(camera: Camera, random: Random, painting: Painting): Seen {
  const { digits, multiples, scenes } = painting.settings;
  const choice = random.uniform();
  if (choice < digits) return paintDigit(camera, random, painting);
  if (choice < digits + multiples) return paintSeveral(camera, random, { ...painting, copies: 1 });
  if (choice < digits + multiples + scenes) {
    return paintSeveral(camera, random, { ...painting, copies: repeats });
  }
  return paintSingle(camera, random, painting);
}

/** Share of a scene's drawings that show the first one's concept again, so that counts differ. */
const repeats = 0.4;

function randomDrawing(camera: Camera, random: Random): Drawing {
  return camera.drawings[random.integer(camera.drawings.length)]!;
}

/** Styles whose drawings have no colours of their own. */
const inkStyles: ReadonlySet<ArtStyle> = new Set(["fluent-emoji-high-contrast"]);

/** A drawing in colours near its own, or in an ink that shows on the canvas where it has none. */
function inSomeColours({ style, pixels }: Drawing, canvas: Float32Array, random: Random): Sprite {
  if (inkStyles.has(style)) {
    const mask = Uint8Array.from({ length: artSize ** 2 }, (_, i) => pixels[4 * i + 3]!);
    return inkSprite(mask, artSize, contrastingInk(canvas, random));
  }
  const sprite = spriteOf(pixels, artSize);
  jitterColour(sprite, random);
  return sprite;
}

function sightOf(camera: Camera, drawing: Drawing): Sight {
  return { concept: drawing.concept, kindIndex: camera.kindOf[drawing.concept]! };
}

function paintColour(random: Random, { canvas, settings }: Painting): number {
  const colour = random.uniform() < namedColours ? random.integer(paletteColours.length) : -1;
  paintGround(canvas, random, {
    colour: paletteColours[colour] ?? randomColour(random),
    clutter: settings.clutter,
  });
  return colour;
}

function paintSingle(camera: Camera, random: Random, painting: Painting): Seen {
  const { canvas, settings } = painting;
  const colour = paintColour(random, painting);
  const drawing = randomDrawing(camera, random);
  const sprite = inSomeColours(drawing, canvas, random);
  const range = { scale: settings.scale, degrees: 25, shift: 0.9, mirror: true };
  paintSprite(canvas, sprite, randomPose(random, range));
  const sight = sightOf(camera, drawing);
  return { kind: "single", ...sight, sights: [sight], colour, count: 1, style: drawing.style };
}

/** One to four drawings in a quarter each; `copies` is the share that repeats the first one. */
function paintSeveral(
  camera: Camera,
  random: Random,
  painting: Painting & { readonly copies: number },
): Seen {
  const { canvas, copies } = painting;
  const colour = paintColour(random, painting);
  const first = randomDrawing(camera, random);
  const count = copies === 1 ? 1 + random.integer(4) : 2 + random.integer(3);
  const sights: Sight[] = [];
  const shade = inSomeColours(first, canvas, random);
  for (const place of random.permutation(4).subarray(0, count)) {
    const again = sights.length === 0 || random.uniform() < copies;
    const drawing = again ? first : randomDrawing(camera, random);
    const sprite = again ? shade : inSomeColours(drawing, canvas, random);
    const range = { scale: [0.7, 1], degrees: 20, shift: 0.8, mirror: true } as const;
    paintSprite(canvas, sprite, randomPose(random, range, quadrants[place]));
    sights.push(sightOf(camera, drawing));
  }
  return {
    kind: copies === 1 ? "multiple" : "scene",
    ...sights[random.integer(count)]!,
    sights,
    colour,
    count,
    style: first.style,
  };
}

function paintDigit(camera: Camera, random: Random, { canvas, settings }: Painting): Seen {
  const digit = random.integer(10);
  const face = random.integer(camera.typeset.faces);
  const { paper, ink } = contrastingColours(random);
  paintGround(canvas, random, { colour: paper, clutter: settings.clutter / 3 });
  const start = (face * 10 + digit) * maskSize ** 2;
  const mask = camera.typeset.masks.subarray(start, start + maskSize ** 2);
  // Upright digits can be read up to this turn; a mirrored digit is not a digit.
  const range = { scale: [0.5, 1.2], degrees: 20, shift: 0.9, mirror: false } as const;
  paintSprite(canvas, inkSprite(mask, maskSize, ink), randomPose(random, range));
  const concept = camera.concepts + digit;
  const sight = { concept, kindIndex: camera.kindOf[concept]! };
  return {
    kind: "digit",
    ...sight,
    sights: [sight],
    colour: -1,
    count: 1,
    style: "typeset",
  };
}
