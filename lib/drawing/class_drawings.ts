/**
 * Drawings of a task's classes, in art styles that no model of the zoo has seen, in three splits.
 *
 * @module
 */
import { z } from "zod";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { Random } from "../tensor/random.ts";
import { artBytes, type ArtStyle, type Artwork, loadArtwork, type Subject } from "./art.ts";
import type { LoadOptions } from "../data/dataset.ts";
import { lookOfDrawing, motifsOf } from "./motifs.ts";
import type { SplitName } from "../data/dataset.ts";
import { seenByZoo } from "./seen_by_zoo.ts";

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
  /** Drawings that differ in colours, mirroring or little else share it. */
  readonly motif: string;
  readonly pixels: Uint8Array;
}

/** Drawings of each split. */
export type Partition = Readonly<Record<SplitName, readonly ClassDrawing[]>>;

/** The fewest motifs of a class: two are left to train on and two to test. */
const leastMotifs = 5;

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

/**
 * The drawings of the classes in the given styles, without those that are like a drawing the zoo was
 * trained on or like one of another class.
 */
export function listDrawings(
  members: ClassMembers,
  subjects: readonly Subject[],
  artworks: readonly Artwork[],
): readonly ClassDrawing[] {
  const drawings: Omit<ClassDrawing, "motif">[] = [];
  for (const [name, labels] of Object.entries(members)) {
    for (const { style, drawn, pixels } of artworks) {
      subjects.forEach(({ label }, index) => {
        if (!drawn[index] || !labels.includes(label) || seenByZoo.has(`${style}/${label}`)) return;
        const drawing = pixels.subarray(index * artBytes, (index + 1) * artBytes);
        drawings.push({ class: name, label, style, pixels: drawing });
      });
    }
  }
  const motifs = motifsOf(drawings.map(({ pixels }) => lookOfDrawing(pixels)));
  return drawings.flatMap((drawing, index) => {
    const first = drawings[motifs[index]!]!;
    const motif = `${first.class}/${first.label}/${first.style}`;
    return first.class === drawing.class ? [{ ...drawing, motif }] : [];
  });
}

/** The classes of drawings, in their order. */
function classesOf(drawings: readonly ClassDrawing[]): readonly string[] {
  return [...new Set(drawings.map((drawing) => drawing.class))];
}

/** The motifs of a class, in their order. */
function motifsIn(drawings: readonly ClassDrawing[], name: string): readonly string[] {
  return [...new Set(drawings.filter((one) => one.class === name).map((one) => one.motif))];
}

/**
 * Which drawings each split may use. No motif is in two: of each class two fifths are for the test, a
 * fifth is for validation.
 *
 * @param seed Tasks that are to hold out the same drawings give the same.
 */
export function partitionDrawings(drawings: readonly ClassDrawing[], seed: string): Partition {
  const partition: Record<SplitName, ClassDrawing[]> = { train: [], validation: [], test: [] };
  for (const name of classesOf(drawings)) {
    const motifs = motifsIn(drawings, name);
    const order = new Random(`${seed}/partition/${name}`).permutation(motifs.length);
    const shuffled = [...order].map((index) => motifs[index]!);
    const test = Math.round(motifs.length * 0.4);
    const validation = Math.round(motifs.length * 0.2);
    const shown = (chosen: readonly string[]) =>
      chosen.flatMap((motif) => drawings.filter((drawing) => drawing.motif === motif));
    partition.test.push(...shown(shuffled.slice(0, test)));
    partition.validation.push(...shown(shuffled.slice(test, test + validation)));
    partition.train.push(...shown(shuffled.slice(test + validation)));
  }
  return partition;
}

/** The drawing of a class whose turn it is, so that each is shown as often as the others. */
export function drawingInTurn(
  drawings: readonly ClassDrawing[],
  name: string,
  turn: number,
): ClassDrawing {
  const own = drawings.filter((drawing) => drawing.class === name);
  return own[turn % own.length]!;
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

/** What rows of a drawing, or of one like it, share. */
export function clusterOf(drawing: ClassDrawing): string {
  return drawing.motif;
}

/**
 * Refuses styles that leave a class with too few drawings to keep the splits apart.
 *
 * @throws {DiagnosticError} It names task, styles and classes.
 */
export function assertDrawnEnough(
  task: string,
  members: ClassMembers,
  { drawings, styles }: {
    readonly drawings: readonly ClassDrawing[];
    readonly styles: readonly ArtStyle[];
  },
): void {
  const few = Object.keys(members)
    .map((name) => ({ name, count: motifsIn(drawings, name).length }))
    .filter(({ count }) => count < leastMotifs);
  if (few.length === 0) return;
  const counts = few.map(({ name, count }) => `${name} (${count})`).join(", ");
  throw new DiagnosticError([{
    code: "few-drawings",
    severity: "error",
    message: `Cannot draw ${task} in ${
      styles.join(", ")
    }: splits that share no drawing need ${leastMotifs} of each class, too few are of ${counts}`,
    notes: ["Add styles, such as emojione and openmoji, which draw all classes"],
  }]);
}

/** How drawings are kept apart, for the data card. */
export function describePartition(drawings: readonly ClassDrawing[]): readonly string[] {
  const counts = classesOf(drawings)
    .map((name) => `${name} (${motifsIn(drawings, name).length})`);
  return [
    `No drawing, recoloured, mirrored or resized drawing is in two splits; drawings: ${
      counts.join(", ")
    }`,
    "No drawing is like one that the zoo was trained on",
    "Validation and test images do not depend on the seed; training images do",
  ];
}
