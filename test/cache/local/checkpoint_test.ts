import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import { type CheckpointOptions, fileCheckpoint } from "../../../lib/cache/local/checkpoint.ts";
import { pathsIn, withFolder } from "../rig.ts";

function options(path: string, changes: Partial<CheckpointOptions> = {}): CheckpointOptions {
  const signal = new AbortController().signal;
  return { path, intervalMs: 1000, signal, facts: { provider: "cpu" }, ...changes };
}

Deno.test("fileCheckpoint() gives back any state it saved, the last one", () =>
  withFolder(async (folder) => {
    const checkpoint = fileCheckpoint(options(join(folder, "c")));
    assertEquals(await checkpoint.load(), undefined);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (state) => {
        await checkpoint.save(state);
        assertEquals(await checkpoint.load(), state);
      }),
      { seed: 1, numRuns: 50 },
    );
    assertEquals(pathsIn(folder), ["c"]);
  }));

Deno.test("fileCheckpoint() is due after its interval and once aborted", () =>
  withFolder(async (folder) => {
    let nowMs = 0;
    const controller = new AbortController();
    const now = () => nowMs;
    const checkpoint = fileCheckpoint(
      options(join(folder, "c"), { now, signal: controller.signal }),
    );
    const due: boolean[] = [];
    for (nowMs of [0, 999, 1000]) due.push(checkpoint.due());
    await checkpoint.save(new Uint8Array());
    for (nowMs of [1999, 2000]) due.push(checkpoint.due());
    await checkpoint.save(new Uint8Array());
    controller.abort();
    due.push(checkpoint.due());
    assertEquals(due, [false, false, true, false, true, true]);
  }));

Deno.test("fileCheckpoint() says that a task goes on only where its stage takes the state", () =>
  withFolder(async (folder) => {
    const told: string[] = [];
    const checkpoint = fileCheckpoint(
      options(join(folder, "c"), { onResumed: () => told.push("resumed") }),
    );
    assertEquals(await checkpoint.load((state) => state.length), undefined);
    await checkpoint.save(new Uint8Array(3));
    assertEquals(await checkpoint.load(() => undefined), undefined);
    assertEquals(told, []);
    assertEquals(await checkpoint.load((state) => state.length), 3);
    assertEquals(await checkpoint.load(), new Uint8Array(3));
    assertEquals(told, ["resumed", "resumed"]);
  }));

Deno.test("fileCheckpoint() reads no pipe and no folder in place of a file", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "d"));
    await new Deno.Command("mkfifo", { args: [join(folder, "p")] }).output();
    for (const [name, kind] of [["d", "a folder"], ["p", "a named pipe"]] as const) {
      const refused: string[] = [];
      const onRefused = (reason: string) => refused.push(reason);
      const checkpoint = fileCheckpoint(options(join(folder, name), { onRefused }));
      assertEquals(await checkpoint.load(), undefined);
      assertEquals(refused, [`the checkpoint is ${kind}`]);
    }
  }));

const REFUSALS: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
  ["cut short", (bytes) => bytes.subarray(0, bytes.length - 1)],
  ["changed", (bytes) => bytes.with(bytes.length - 1, 0) as Uint8Array],
  ["without a header", () => new TextEncoder().encode("rubbish")],
  ["empty", () => new Uint8Array()],
  ["without facts", (bytes) => headed(bytes, ({ facts: _, ...header }) => header)],
  ["with facts that are a list", (bytes) => headed(bytes, (header) => ({ ...header, facts: [] }))],
  [
    "with a fact that is not text",
    (bytes) => headed(bytes, (header) => ({ ...header, facts: { provider: 1 } })),
  ],
  ["with another header", (bytes) => headed(bytes, () => null)],
];

/** A file with its first line changed. */
function headed(
  bytes: Uint8Array,
  change: (header: Record<string, unknown>) => unknown,
): Uint8Array {
  const end = bytes.indexOf(10);
  const header = change(JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))));
  return Uint8Array.from([
    ...new TextEncoder().encode(JSON.stringify(header)),
    ...bytes.subarray(end),
  ]);
}

for (const [what, damage] of REFUSALS) {
  Deno.test(`fileCheckpoint() refuses a file that is ${what}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "c");
      const refusals: string[] = [];
      const checkpoint = fileCheckpoint(
        options(path, { onRefused: (reason) => refusals.push(reason) }),
      );
      await checkpoint.save(new Uint8Array([1, 2, 3]));
      Deno.writeFileSync(path, damage(Deno.readFileSync(path)));
      assertEquals(await checkpoint.load(), undefined);
      assertEquals(await checkpoint.load(), undefined);
      assertEquals(refusals, ["the checkpoint is damaged"], "told once");
    }));
}

Deno.test("fileCheckpoint() refuses a state that was saved under other facts", () =>
  withFolder(async (folder) => {
    const path = join(folder, "c");
    await fileCheckpoint(options(path)).save(new Uint8Array([1]));
    const refusals: string[] = [];
    const onRefused = (reason: string) => refusals.push(reason);
    const facts = { provider: "cuda" };
    assertEquals(await fileCheckpoint(options(path, { facts, onRefused })).load(), undefined);
    assertEquals(refusals, [
      'the checkpoint was saved with provider "cpu", this run has "cuda"',
    ]);
  }));

Deno.test("fileCheckpoint() clears a save that was cut off, and keeps the one before", () =>
  withFolder(async (folder) => {
    const path = join(folder, "c");
    const checkpoint = fileCheckpoint(options(path));
    await checkpoint.save(new Uint8Array([1]));
    Deno.writeTextFileSync(`${path}.1-1-x.tmp`, "half");
    assertEquals(await checkpoint.load(), new Uint8Array([1]));
    assertEquals(pathsIn(folder), ["c"]);
  }));

Deno.test("fileCheckpoint() says that the disk is full, and leaves the last state", () =>
  withFolder(async (folder) => {
    const path = join(folder, "c");
    const checkpoint = fileCheckpoint(options(path));
    await checkpoint.save(new Uint8Array([1]));
    const { stdout } = await new Deno.Command("sh", {
      args: [
        "-c",
        'ulimit -f 64; trap "" XFSZ; exec "$0" eval --quiet "$1"',
        Deno.execPath(),
        saving(path),
      ],
    }).output();
    assertEquals(
      new TextDecoder().decode(stdout),
      `disk-full: Cannot save a checkpoint: no space left on the device of "${path}"\n`,
    );
    assertEquals(await checkpoint.load(), new Uint8Array([1]));
    assertEquals(pathsIn(folder), ["c"]);
  }));

/** A program that saves more than its file size limit lets it. */
function saving(path: string): string {
  const module = new URL("../../../lib/cache/local/checkpoint.ts", import.meta.url);
  return `import { fileCheckpoint } from "${module}";
    const { signal } = new AbortController();
    const checkpoint = fileCheckpoint({ path: ${
    JSON.stringify(path)
  }, intervalMs: 1, signal, facts: { provider: "cpu" } });
    const error = await checkpoint.save(new Uint8Array(1 << 20)).catch((error) => error);
    console.log(error.diagnostics[0].code + ": " + error.message);`;
}
