import { assert, assertEquals } from "@std/assert";
import { artBytes, artSize, type Artwork } from "../../lib/drawing/art.ts";
import {
  clusterOf,
  drawingInTurn,
  listDrawings,
  partitionDrawings,
} from "../../lib/drawing/class_drawings.ts";
import { emojiClasses, emojiMembers } from "../../lib/drawing/emoji_classes.ts";
import { seenByZoo } from "../../lib/drawing/seen_by_zoo.ts";
import { patches } from "../datasets/synthetic_art.ts";

const subjects = emojiClasses.flatMap((name) => emojiMembers[name]).map((label) => ({ label }));
const absent = [subjects.findIndex(({ label }) => label === "poodle")];
const artworks = [
  patches("emojione", subjects.length, absent),
  patches("emojione-v1", subjects.length),
];

/** RGBA, transparent outside. */
function pixelAt(pixels: Uint8Array, x: number, y: number): number[] {
  if (Math.min(x, y) < 0 || Math.max(x, y) >= artSize) return [0, 0, 0, 0];
  return [...pixels.subarray((y * artSize + x) * 4, (y * artSize + x + 1) * 4)];
}

/** The drawings of a style with every pixel computed anew, as another style. */
function change(
  art: Artwork,
  pixel: (x: number, y: number, pixels: Uint8Array) => number[],
): Artwork {
  const pixels = art.pixels.slice();
  for (let subject = 0; subject < art.drawn.length; subject++) {
    const from = art.pixels.subarray(subject * artBytes, (subject + 1) * artBytes);
    for (let i = 0; i < artSize ** 2; i++) {
      pixels.set(pixel(i % artSize, Math.floor(i / artSize), from), subject * artBytes + i * 4);
    }
  }
  return { ...art, style: "openmoji", pixels };
}

const drawings = listDrawings(emojiMembers, subjects, artworks);

Deno.test("listDrawings() gives a drawing and its copies one motif", () => {
  assertEquals(drawings.length, 2 * subjects.length - 1);
  assertEquals(new Set(drawings.map(clusterOf)).size, drawings.length);
  const [art] = artworks;
  const copies: readonly [string, Artwork][] = [
    ["same", { ...art!, style: "openmoji" }],
    ["mirrored", change(art!, (x, y, pixels) => pixelAt(pixels, artSize - 1 - x, y))],
    [
      "recoloured",
      change(art!, (x, y, pixels) => {
        const [red, green, blue, alpha] = pixelAt(pixels, x, y);
        return [0.4 * blue! + 40, 0.8 * red!, 255 - green!, alpha!];
      }),
    ],
    ["smaller", change(art!, (x, y, pixels) => pixelAt(pixels, 2 * (x - 10), 2 * (y - 20)))],
  ];
  for (const [name, copy] of copies) {
    const both = listDrawings(emojiMembers, subjects, [art!, copy]);
    assertEquals(both.length, 2 * (subjects.length - 1), name);
    assertEquals(new Set(both.map(clusterOf)).size, subjects.length - 1, name);
  }
});

Deno.test("listDrawings() leaves out what is like a drawing of another class, or of the zoo", () => {
  const members = { dog: ["dog"], cat: ["cat"], bird: ["rooster"] };
  const three = [{ label: "dog" }, { label: "cat" }, { label: "rooster" }];
  const art = patches("fxemoji", 3);
  art.pixels.copyWithin(artBytes, 0, artBytes);
  const found = listDrawings(members, three, [art]);
  assertEquals(found.map(({ label }) => label), ["dog"]);
  assert(seenByZoo.has("fxemoji/rooster"));
});

Deno.test("partitionDrawings() shares no motif, and gives every split some of each class", () => {
  const twice = listDrawings(emojiMembers, subjects, [...artworks, {
    ...artworks[0]!,
    style: "openmoji",
  }]);
  const { train, validation, test } = partitionDrawings(twice, "emoji10");
  assertEquals(train.length + validation.length + test.length, twice.length);
  for (const name of emojiClasses) {
    const motifs = [train, validation, test].map((split) =>
      new Set(split.filter((one) => one.class === name).map(clusterOf))
    );
    const all = new Set(twice.filter((one) => one.class === name).map(clusterOf));
    assertEquals(motifs.reduce((sum, { size }) => sum + size, 0), all.size, name);
    assert(motifs.every(({ size }) => size >= 1) && motifs[2]!.size >= 2, name);
  }
});

Deno.test("drawingInTurn() shows every drawing as often", () => {
  const dogs = drawings.filter((drawing) => drawing.class === "dog");
  const shown = dogs.map((_, turn) => drawingInTurn(drawings, "dog", turn + 3));
  assertEquals(new Set(shown), new Set(dogs));
});
