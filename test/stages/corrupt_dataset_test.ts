import { assertEquals, assertNotEquals } from "@std/assert";
import { openDatasetFolder, writeDatasetFolder } from "../../lib/data/dataset_folder.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import corruptDataset from "../../stages/corrupt_dataset.ts";

const info = { name: "dots", kind: "yes-no", licence: "CC0", source: "none" } as const;
const rows = ["a", "b"].map((id) => ({ id, cluster: id, instruction: "?", answer: "yes" }));
const images = new Uint8Array(2 * 3 * 16 * 16).fill(100);

Deno.test("corrupt-dataset keeps the rows, changes each image in its own way, and notes it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-corrupt-" });
  const split = { rows, images, height: 16, width: 16, notes: ["drawn"] };
  await writeDatasetFolder(`${folder}/in`, info, split);
  const context = {
    output: () => `${folder}/out`,
    progress: () => {},
    signal: new AbortController().signal,
  } as unknown as StageContext<"data">;
  const data = { type: "dataset", digest: "0", path: `${folder}/in` } as const;
  await corruptDataset.run({ data, kind: "gaussian-noise", severity: 2, seed: 0 }, context);
  const out = await openDatasetFolder(`${folder}/out`);
  const { pixels: corrupted } = out;
  await Deno.remove(folder, { recursive: true });
  assertEquals(out.rows, rows);
  assertNotEquals(corrupted.subarray(0, 768), corrupted.subarray(768));
  assertEquals((out.info as typeof info & { notes: string[] }).notes, [
    "drawn",
    "images corrupted: gaussian-noise, severity 2, seed 0",
  ]);
});
