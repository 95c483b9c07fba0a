import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type DataFile, filesOf, locateData } from "../../lib/data/locate.ts";
import { inFolder } from "./images_in.ts";

/** Paths of a part, and the splits and columns that they say. */
const parts: readonly (readonly [paths: string[], said: Omit<DataFile, "path">[]])[] = [
  [["/x/train-0.csv", "/x/test-0.csv"], [{ split: "train" }, { split: "test" }]],
  [["/x/train/0.csv", "/x/val/0.csv"], [{ split: "train" }, { split: "validation" }]],
  // Around the files is where the user keeps them.
  [["/x/test/a.csv", "/x/test/b.csv"], [{}, {}]],
  [["/x/test/label=cat/0.csv", "/x/test/label=dog/0.csv"], [
    { columns: { label: "cat" } },
    { columns: { label: "dog" } },
  ]],
  [["/label=x/train.csv", "/label=x/b.csv"], [{ split: "train" }, {}]],
  [["/x/label=__HIVE_DEFAULT_PARTITION__/0.csv", "/x/label=a%20b/0.csv"], [
    { columns: { label: null } },
    { columns: { label: "a b" } },
  ]],
  [["/x/test.csv"], [{}]],
];

for (const [paths, said] of parts) {
  Deno.test(`filesOf() reads ${paths.join(" and ")}`, () => {
    assertEquals(filesOf({ paths }), paths.map((path, i) => ({ path, ...said[i] })));
  });
}

/** Files of a folder, and those that are read of it. */
const archives: readonly (readonly [files: string[], found: string[]])[] = [
  [["old.tar.xz", "s-0.tar", "s-1.tar.zst"], ["s-0.tar", "s-1.tar.zst"]],
  [["s-0.tar.xz", "s-1.tbz"], ["s-0.tar.xz", "s-1.tbz"]], // so that they are told
];

for (const [files, found] of archives) {
  Deno.test(`locateData() finds ${found.join(" and ")} of ${files.join(", ")}`, () =>
    inFolder(Object.fromEntries(files.map((name) => [name, "x"])), (folder) => {
      const { parts: [part] } = locateData({ webdataset: folder }, ["/"]);
      assertEquals(part!.paths, found.map((name) => join(folder, name)));
      return Promise.resolve();
    }));
}
