/** Drawings of a task's classes in art styles that no zoo model has seen, split for it. @module */
import { z } from "zod";
import { DiagnosticError } from "../lib/diagnostic/diagnostic.ts";
import { Random } from "../lib/tensor/random.ts";
import { artBytes, type ArtStyle, type Artwork, loadArtwork, type Subject } from "./art.ts";
import type { LoadOptions } from "./dataset.ts";
import type { SplitName } from "./split_sizes.ts";

/** Parameter of every drawn task: the styles. */
export const stylesParameter = z
  .array(z.enum(["emojione", "emojione-v1", "openmoji", "fxemoji", "fluent-emoji"])).min(1)
  .default(["emojione", "emojione-v1", "openmoji", "fxemoji"])
  .describe("Art styles; fluent-emoji is a download of 14 MB and near to a style of the zoo");

/** Licences and packages of these styles. */
export const stylesLicence =
  "CC-BY-4.0 (emojione), CC-BY-SA-4.0 (emojione-v1, openmoji), Apache-2.0 (fxemoji), MIT (fluent-emoji)";
export const stylesSource =
  "npm:@iconify-json/{emojione,emojione-v1,openmoji,fxemoji}, where asked for npm:@iconify-json/fluent-emoji";

/** Classes and the Unicode names of the emoji that show them. */
export type ClassMembers = Readonly<Record<string, readonly string[]>>;

/** A drawing of a class. */
export interface ClassDrawing {
  readonly class: string;
  /** Unicode name of the emoji. */
  readonly label: string;
  readonly style: ArtStyle;
  readonly pixels: Uint8Array;
}

/** Drawings of each split. */
export type Partition = Readonly<Record<SplitName, readonly ClassDrawing[]>>;

/** Classes with fewer drawings share them among the splits. */
const leastDrawings = 6;

/** Fetches, renders and lists the drawings of the classes. */
export async function loadDrawings(
  members: ClassMembers,
  styles: readonly ArtStyle[],
  options: LoadOptions,
): Promise<readonly ClassDrawing[]> {
  const subjects = Object.values(members).flat().map((label) => ({ label }));
  const artworks: Artwork[] = [];
  const { onProgress: _, ...downloads } = options;
  for (const style of styles) artworks.push(await loadArtwork(style, subjects, downloads));
  return listDrawings(members, subjects, artworks);
}

/** The different drawings of the classes in the given styles. */
export function listDrawings(
  members: ClassMembers,
  subjects: readonly Subject[],
  artworks: readonly Artwork[],
): readonly ClassDrawing[] {
  const drawings: ClassDrawing[] = [];
  const seen = new Set<string>();
  for (const [name, labels] of Object.entries(members)) {
    for (const { style, drawn, pixels } of artworks) {
      subjects.forEach(({ label }, index) => {
        if (!drawn[index] || !labels.includes(label)) return;
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

/** The classes of drawings, in their order. */
function classesOf(drawings: readonly ClassDrawing[]): readonly string[] {
  return [...new Set(drawings.map((drawing) => drawing.class))];
}

/**
 * Which drawings each split may use: disjoint where a class has at least six, with two fifths of
 * them for the test and a fifth for validation; all of them in every split otherwise.
 *
 * @param seed Tasks that are to hold out the same drawings give the same.
 */
export function partitionDrawings(drawings: readonly ClassDrawing[], seed: string): Partition {
  const partition: Record<SplitName, ClassDrawing[]> = { train: [], validation: [], test: [] };
  for (const name of classesOf(drawings)) {
    const own = drawings.filter((drawing) => drawing.class === name);
    const order = new Random(`${seed}/partition/${name}`).permutation(own.length);
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

/** A random drawing of a class. */
export function pickDrawing(
  drawings: readonly ClassDrawing[],
  name: string,
  random: Random,
): ClassDrawing {
  const own = drawings.filter((drawing) => drawing.class === name);
  return own[random.integer(own.length)]!;
}

/** What rows of a drawing share. */
export function clusterOf(drawing: ClassDrawing): string {
  return `${drawing.class}/${drawing.label}/${drawing.style}`;
}

/**
 * Refuses styles that leave a class without a drawing.
 *
 * @throws {DiagnosticError} It names task, styles and classes.
 */
export function assertAllDrawn(
  task: string,
  members: ClassMembers,
  { drawings, styles }: {
    readonly drawings: readonly ClassDrawing[];
    readonly styles: readonly ArtStyle[];
  },
): void {
  const drawn = new Set(classesOf(drawings));
  const empty = Object.keys(members).filter((name) => !drawn.has(name));
  if (empty.length === 0) return;
  throw new DiagnosticError([{
    code: "missing-drawings",
    severity: "error",
    message: `Cannot draw ${task} in ${styles.join(", ")}: no drawing of ${empty.join(", ")}`,
    notes: ["Add the style emojione, which draws all classes"],
  }]);
}

/** Which classes share drawings among the splits, for the data card. */
export function describePartition(drawings: readonly ClassDrawing[]): readonly string[] {
  const names = classesOf(drawings);
  const count = (name: string) => drawings.filter((drawing) => drawing.class === name).length;
  const list = (chosen: readonly string[]) =>
    chosen.map((name) => `${name} (${count(name)})`).join(", ") || "none";
  return [
    `Splits are disjoint in drawings for: ${
      list(names.filter((name) => count(name) >= leastDrawings))
    }`,
    `Splits share drawings and differ in background and pose for: ${
      list(names.filter((name) => count(name) < leastDrawings))
    }`,
    "Validation and test pictures do not depend on the seed; training pictures do",
  ];
}
