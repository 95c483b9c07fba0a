import { assert, assertEquals } from "@std/assert";
import { listDrawings, partitionDrawings } from "../../datasets/class_drawings.ts";
import { classMembers, tenClasses } from "../../datasets/ten_classes.ts";
import { discs } from "./synthetic_art.ts";

const subjects = tenClasses.flatMap((name) => classMembers[name]).map((label) => ({ label }));
const absent = [subjects.findIndex(({ label }) => label === "moose")];
const artworks = [
  discs("emojione", subjects.length, absent),
  discs("emojione-v1", subjects.length),
];
const drawings = listDrawings(classMembers, subjects, artworks);

Deno.test("listDrawings() counts equal pictures of a class once", () => {
  assertEquals(drawings.length, 2 * subjects.length - 1);
  const twice = listDrawings(classMembers, subjects, [artworks[0]!, artworks[0]!]);
  assertEquals(twice.length, subjects.length - 1);
});

Deno.test("partitionDrawings() is disjoint where a class has six drawings, and shares otherwise", () => {
  const { train, validation, test } = partitionDrawings(drawings, "emoji10");
  for (const name of tenClasses) {
    const of = (split: typeof train) => split.filter((drawing) => drawing.class === name);
    const all = [...of(train), ...of(validation), ...of(test)];
    const count = drawings.filter((drawing) => drawing.class === name).length;
    if (count >= 6) {
      assertEquals(new Set(all).size, all.length, name);
      assertEquals(all.length, count, name);
      assert(of(validation).length >= 1 && of(test).length >= 2, name);
    } else {
      assertEquals(of(train).length, count, name);
      assertEquals(all.length, 3 * count, name);
    }
  }
});
