/** Drawings made up for tests: random patches, each unlike the others. */
import { artBytes, artSize, type ArtStyle, type Artwork } from "../../lib/drawing/art.ts";
import { classMembers, tenClasses } from "../../lib/drawing/ten_classes.ts";
import type { Concept } from "../../lib/drawing/concepts.ts";
import { maskSize, type Typeset } from "../../lib/drawing/typeset.ts";
import { Random } from "../../lib/tensor/random.ts";

const cells = 8;

/** A pattern of patches for every subject, but for those left out. */
export function patches(
  style: ArtStyle,
  subjects: number,
  missing: readonly number[] = [],
): Artwork {
  const pixels = new Uint8Array(subjects * artBytes);
  for (let subject = 0; subject < subjects; subject++) {
    if (missing.includes(subject)) continue;
    const random = new Random(`${style} ${subject}`);
    const colours = Array.from(
      { length: cells ** 2 },
      () => [0, 0, 0].map(() => random.integer(256)),
    );
    for (let i = 0; i < artSize ** 2; i++) {
      const [x, y] = [i % artSize, Math.floor(i / artSize)].map((at) => at * cells / artSize | 0);
      pixels.set([...colours[y! * cells + x!]!, 255], subject * artBytes + i * 4);
    }
  }
  const drawn = Array.from({ length: subjects }, (_, subject) => !missing.includes(subject));
  return { style, drawn, pixels };
}

/** Two kinds of fruit, and the members of the ten classes. */
export const concepts: readonly Concept[] = [
  ...["red apple", "banana", "fruit with a name of no end at all"].map((label) => [label, "fruit"]),
  ...tenClasses.flatMap((name) => classMembers[name].map((label) => [label, name])),
].map(([label, kind], index) => ({
  emoji: "",
  hexcode: index.toString(16),
  label: label!,
  kind: kind!,
  tags: ["thing", label!],
}));

/** Digits as bars, the wider the larger. */
export function bars(faces: number): Typeset {
  const masks = new Uint8Array(faces * 10 * maskSize ** 2);
  for (let i = 0; i < masks.length; i++) {
    const digit = Math.floor(i / maskSize ** 2) % 10;
    masks[i] = i % maskSize < 10 + 5 * digit ? 255 : 0;
  }
  return { faces, masks };
}
