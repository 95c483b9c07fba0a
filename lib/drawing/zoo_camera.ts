/** Draws random images of the zoo's world. @module */
import type { Random } from "../tensor/random.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import { artSize, type ArtStyle } from "./art.ts";
import { changeImage, type ChangeName } from "./changes/change_table.ts";
import {
  addNoise,
  canvasLength,
  canvasSize,
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
import { paletteColours } from "./palette.ts";
import { maskSize, type Typeset } from "./typeset.ts";
import type { Batch, Fact, ImageOptions, Sight } from "./zoo_facts.ts";

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

/** A drawing of a concept: RGBA bytes. */
export interface Drawing {
  readonly concept: number;
  readonly style: ArtStyle;
  readonly pixels: Uint8Array;
}

/** What is drawn from. */
export interface Camera {
  /** Drawings, as often as they should be drawn. */
  readonly drawings: readonly Drawing[];
  readonly typeset: Typeset;
  readonly kindOf: Int32Array;
  readonly concepts: number;
}

/** Draws `n` images, and says what is on each. */
export function takeImages(
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

/** A random drawing of all that are listed. */
export function randomDrawing(camera: Camera, random: Random): Drawing {
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
