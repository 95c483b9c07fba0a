import { assertEquals } from "@std/assert";
import type { Verification } from "../../lib/cache/local/verify.ts";
import { verificationLines } from "../../lib/cli/commands/verify.ts";
import type { Digest, Key } from "../../lib/pipeline/contract/key.ts";
import { inFolder, tvp } from "./workplace.ts";

const found: Verification = {
  objects: 3,
  bytes: 12,
  tasks: 2,
  damaged: [
    { digest: "d1" as Digest, tasks: ["k1", "k2"] as Key[] },
    { digest: "d2" as Digest, tasks: [] },
  ],
  missing: [{ digest: "d3" as Digest, tasks: ["k2"] as Key[] }],
  manifests: ["c/tasks/k1.json"],
};

const names = new Map([["k1", "prompt[seed=0]"]]);

const said: readonly (readonly [isRemoving: boolean, lines: readonly string[]])[] = [
  [false, [
    "damaged object d1, of prompt[seed=0], k2",
    "damaged object d2, of no task",
    "damaged manifest c/tasks/k1.json, of prompt[seed=0]",
    "missing object d3; task k2 will run again",
    "3 objects of 12 B, 2 tasks: 3 damaged, 1 missing",
    "--remove removes what is damaged, so that its tasks run again",
  ]],
  [true, [
    "removed damaged object d1; tasks prompt[seed=0], k2 will run again",
    "removed damaged object d2, of no task",
    "removed damaged manifest c/tasks/k1.json; task prompt[seed=0] will run again",
    "missing object d3; task k2 will run again",
    "3 objects of 12 B, 2 tasks: 3 damaged and removed, 1 missing",
  ]],
];

Deno.test("verificationLines() names what is damaged by its tasks, and says what is removed", () => {
  for (const [isRemoving, lines] of said) {
    assertEquals(verificationLines(found, isRemoving, names), lines);
  }
});

Deno.test("tvp verify --remove names the tasks of recorded runs, and then all is sound", () =>
  inFolder(async (folder) => {
    const text = "name: demo\nstages: { a: { uses: noop, matrix: { i: [1] } } }\n";
    await Deno.writeTextFile(`${folder}/demo.yaml`, text);
    await tvp(folder, "run", "demo.yaml");
    const [object] = [...Deno.readDirSync(`${folder}/.tvp/cache/objects`)];
    const path = `${folder}/.tvp/cache/objects/${object!.name}`;
    Deno.chmodSync(path, 0o644);
    Deno.writeTextFileSync(path, "other");
    const removed = await tvp(folder, "verify", "--remove");
    assertEquals([removed.code, removed.out.split("\n")[0]], [
      1,
      `removed damaged object ${object!.name}; task a[i=1] will run again`,
    ]);
    assertEquals((await tvp(folder, "verify")).code, 1);
    assertEquals((await tvp(folder, "run", "demo.yaml")).code, 0);
    assertEquals((await tvp(folder, "verify")).code, 0);
  }));
