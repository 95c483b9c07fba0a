import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { collectGarbage, type GcOptions } from "../../../lib/cache/local/gc.ts";
import { localStore } from "../../../lib/cache/local/store.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { keyOf, pathsIn, storeTask, withFolder } from "../rig.ts";

const DAY_MS = 24 * 3600 * 1000;
const NOW = Date.UTC(2026, 0, 31);

/** Tasks t0 (used today) to t3 (three days ago), with 10 bytes of their own and 5 that all share. */
async function fill(folder: string): Promise<void> {
  await using store = localStore(folder);
  for (let i = 0; i < 4; i += 1) {
    await storeTask(store, `t${i}`, { own: `own of t${i}.`.slice(0, 10), shared: { f: "share" } });
    const used = new Date(NOW - i * DAY_MS);
    Deno.utimeSync(join(folder, "tasks", `${keyOf(`t${i}`)}.json`), used, used);
  }
}

const NAMES = ["t0", "t1", "t2", "t3"];
const namesOf = (keys: readonly string[]) =>
  NAMES.filter((name) => keys.some((key) => key === keyOf(name)));

const CASES: readonly [string, GcOptions, readonly string[], number][] = [
  ["nothing without limits", {}, [], 0],
  ["what is old", { maxAgeMs: 1.5 * DAY_MS }, ["t2", "t3"], 20],
  ["what is old and not kept", { maxAgeMs: 0.5 * DAY_MS, keep: new Set([keyOf("t2")]) }, [
    "t1",
    "t3",
  ], 20],
  ["the longest unused beyond a size", { maxBytes: 26 }, ["t2", "t3"], 20],
  [
    "all but what is kept",
    { onlyKept: true, keep: new Set([keyOf("t3")]) },
    ["t0", "t1", "t2"],
    30,
  ],
  ["kept tasks not even for size", { maxBytes: 15, keep: new Set([keyOf("t3")]) }, [
    "t0",
    "t1",
    "t2",
  ], 30],
  ["everything", { onlyKept: true }, NAMES, 45],
];

for (const [what, options, expected, freedBytes] of CASES) {
  Deno.test(`collectGarbage() takes ${what}`, () =>
    withFolder(async (folder) => {
      await fill(folder);
      Deno.removeSync(join(folder, "lock"));
      const before = pathsIn(folder);
      const dry = collectGarbage(folder, { ...options, now: NOW, dryRun: true });
      assertEquals(pathsIn(folder), before);
      const result = collectGarbage(folder, { ...options, now: NOW });
      assertEquals(dry, result);
      assertEquals([namesOf(result.tasks), result.freedBytes], [expected, freedBytes]);
      await using store = localStore(folder);
      const left = await Promise.all(NAMES.map((name) => store.get(keyOf(name))));
      assertEquals(NAMES.filter((_, i) => left[i] === undefined), expected);
    }));
}

Deno.test("collectGarbage() keeps the last used tasks that fit, past one that is too large", () =>
  withFolder(async (folder) => {
    const sizes = [10, 100, 5, 6];
    {
      await using store = localStore(folder);
      for (const [i, size] of sizes.entries()) {
        await storeTask(store, `t${i}`, { own: `${i}`.repeat(size) });
        const used = new Date(NOW - i * DAY_MS);
        Deno.utimeSync(join(folder, "tasks", `${keyOf(`t${i}`)}.json`), used, used);
      }
    }
    const { tasks, keptBytes } = collectGarbage(folder, { maxBytes: 20, now: NOW });
    assertEquals([namesOf(tasks), keptBytes], [["t1", "t3"], 15]);
  }));

Deno.test("collectGarbage() clears what crashed runs left, and old checkpoints", () =>
  withFolder(async (folder) => {
    await fill(folder);
    const left = ["work/dead", "checkpoints/old", "checkpoints/young", "objects/orphan"];
    for (const path of left) Deno.writeTextFileSync(join(folder, path), "123");
    Deno.utimeSync(join(folder, "checkpoints/old"), new Date(0), new Date(0));
    const { freedBytes } = collectGarbage(folder, { maxAgeMs: 365 * DAY_MS });
    assertEquals(freedBytes, 9);
    assertEquals(pathsIn(folder).filter((path) => left.includes(path)), ["checkpoints/young"]);
  }));

Deno.test("collectGarbage() clears unfinished and long unused downloads, whole entries only", () =>
  withFolder(async (folder) => {
    await fill(folder);
    const downloads = join(folder, "scratch", "downloads");
    const write = (path: string, ageDays: number) => {
      const full = join(downloads, path);
      Deno.mkdirSync(dirname(full), { recursive: true });
      Deno.writeTextFileSync(full, "123");
      const touched = new Date(NOW - ageDays * DAY_MS);
      Deno.utimeSync(full, touched, touched);
      Deno.utimeSync(dirname(full), touched, touched);
    };
    write("old-1.0/a/icons.json", 40);
    write("old-1.0/package.json", 31);
    write("read-1.0/package.json", 40);
    write("read-1.0/icons.json", 2);
    write("art/part-x1", 0);
    write("art/set.rgba", 0);
    write("part-x2/icons.json", 0);
    for (const path of ["old-1.0/a", "old-1.0"]) {
      Deno.utimeSync(
        join(downloads, path),
        new Date(NOW - 40 * DAY_MS),
        new Date(NOW - 40 * DAY_MS),
      );
    }
    assertEquals(collectGarbage(folder, { now: NOW }).freedBytes, 12);
    const left = [
      "art/",
      "art/set.rgba",
      "read-1.0/",
      "read-1.0/icons.json",
      "read-1.0/package.json",
    ];
    assertEquals(pathsIn(downloads), left);
    assertEquals(collectGarbage(folder, { now: NOW, maxAgeMs: DAY_MS }).freedBytes > 0, true);
    assertEquals(pathsIn(downloads), ["art/", "art/set.rgba"]);
  }));

Deno.test("collectGarbage() keeps away from a store in use", () =>
  withFolder(async (folder) => {
    await fill(folder);
    await using store = localStore(folder);
    await using _lock = await store.lock(keyOf("x"), { signal: new AbortController().signal });
    const error = assertThrows(() => collectGarbage(folder), DiagnosticError);
    assertEquals(error.diagnostics[0]?.code, "cache-in-use");
  }));
