import { assertEquals } from "@std/assert";
import { chooseConcepts, type EmojibaseEntry } from "../../lib/drawing/concepts.ts";

const subgroups = { "0": "animal-mammal", "1": "food-fruit", "2": "person-role" };

function entry(label: string, more: Partial<EmojibaseEntry> = {}): EmojibaseEntry {
  return { label, hexcode: "1F600", emoji: "x", group: 3, subgroup: 0, ...more };
}

Deno.test("chooseConcepts() leaves out flags, components, letters and gendered doubles", () => {
  const kept = chooseConcepts([
    entry("otter"),
    entry("flag: Chad", { group: 9 }),
    entry("red hair", { group: 2 }),
    { label: "regional indicator A", hexcode: "1F1E6", emoji: "a" },
    entry("woman cook"),
    entry("men wrestling"),
    entry("family: adult, child"),
    entry("mango", { subgroup: 1 }),
  ], subgroups);
  assertEquals(kept.map((concept) => concept.label), ["otter", "mango"]);
});

Deno.test("chooseConcepts() gives members of the ten classes their class as kind", () => {
  const concepts = chooseConcepts([
    entry("poodle", { tags: ["Dog", "b", "c", "d", "e", "f", "g"] }),
    entry("otter"),
    entry("Cook’s Mango", { subgroup: 1 }),
  ], subgroups);
  assertEquals(concepts.map(({ label, kind }) => [label, kind]), [
    ["poodle", "dog"],
    ["otter", "mammal"],
    ["cook's mango", "food fruit"],
  ]);
  assertEquals(concepts[0]!.tags, ["dog", "b", "c", "d", "e", "f"]);
});
