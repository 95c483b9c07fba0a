/**
 * The world that the zoo's models learn from: random images of about 1400 drawn concepts and ten
 * typeset digits, with the facts that questions and captions are made of. No downstream task uses its
 * art styles, and none of them is share-alike.
 *
 * @module
 */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Random } from "../tensor/random.ts";
import { artBytes, type ArtOptions, type Artwork, loadArtwork, type ZooStyle } from "./art.ts";
import { type Concept, loadConcepts } from "./concepts.ts";
import { likeTasks } from "./seen_by_zoo.ts";
import { tenClasses } from "./ten_classes.ts";
import { tenFruits } from "./ten_fruits.ts";
import { loadTypeset, type TypefaceKind, type Typeset } from "./typeset.ts";
import { type Camera, type Drawing, randomDrawing, takeImages } from "./zoo_camera.ts";
import type { Batch, ImageOptions } from "./zoo_facts.ts";

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
