import { assertEquals } from "@std/assert";
import type { Split } from "../../lib/data/dataset.ts";
import { drawnData } from "../../lib/data/drawn_data.ts";
import { inspectData } from "../../lib/data/inspect_data.ts";

/** Images of one colour each, of 8 by 8 pixels. */
function split(name: string, colours: readonly number[]): Split {
  const rows = colours.map((_, i) => ({
    ...{ id: `${name}/${i}`, cluster: `${name}/${i}`, instruction: "what?" },
    ...{ answer: ["cat", "dog"][i % 2]!, label: i % 2 },
  }));
  const images = Uint8Array.from(colours.flatMap((colour) => Array(192).fill(colour)));
  return { rows, images, height: 8, width: 8, notes: ["drawn by a test"] };
}

Deno.test("drawnData() prepares a set whose module makes its images, for inspection", async () => {
  const data = await drawnData({
    info: {
      name: "drawn",
      kind: "classification",
      classes: ["cat", "dog"],
      licence: "none",
      source: "a test",
    },
    load: () =>
      Promise.resolve({
        train: split("train", [1, 2, 3]),
        validation: split("validation", [4]),
        test: split("test", [5, 3]),
      }),
  }, { downloads: "nowhere" });
  const { splits, notes, broken, duplicates } = await inspectData(data);
  const counts = { cat: 1, dog: 1 };
  assertEquals(splits, {
    train: { rows: 3, classes: { cat: 2, dog: 1 }, width: [8, 8], height: [8, 8] },
    validation: { rows: 1, classes: { cat: 1, dog: 0 }, width: [8, 8], height: [8, 8] },
    test: { rows: 2, classes: counts, width: [8, 8], height: [8, 8] },
  });
  assertEquals([notes, broken], [["drawn by a test"], []]);
  assertEquals(duplicates.filter(({ kind }) => kind === "same"), [
    { a: "train/2", b: "test/1", kind: "same" },
  ]);
});
