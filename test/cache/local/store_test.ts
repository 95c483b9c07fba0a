import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { collectGarbage } from "../../../lib/cache/local/gc.ts";
import { localStore } from "../../../lib/cache/local/store.ts";
import { verifyStore } from "../../../lib/cache/local/verify.ts";
import { type Diagnostic, DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import type { StoreHit } from "../../../lib/pipeline/contract/store.ts";
import { keyOf, pathsIn, preimageOf, storeTask, withFolder } from "../rig.ts";

const OUTPUTS = { a: "alpha", b: { "x.txt": "ex", "y.txt": "why" } };

function outputPath(hit: StoreHit | undefined, name: string): string {
  const path = hit?.outputs[name]?.path;
  assert(path !== undefined, `no output ${name}`);
  return path;
}

Deno.test("localStore() gives back files, folders, manifest and log", () =>
  withFolder(async (folder) => {
    {
      await using store = localStore(folder);
      assertEquals(await store.get(keyOf("t")), undefined);
      await storeTask(store, "t", OUTPUTS);
    }
    await using store = localStore(folder);
    const hit = await store.get(keyOf("t"));
    assertEquals(Deno.readTextFileSync(outputPath(hit, "a")), "alpha");
    assertEquals(Deno.readTextFileSync(join(outputPath(hit, "b"), "y.txt")), "why");
    assertEquals(hit?.manifest.preimage, preimageOf("t"));
    assertEquals(await hit?.log(), "log of t\n");
    assertEquals(hit?.outputs["a"]?.type, "file");
  }));

Deno.test("localStore() leaves nothing of its work behind, and objects that cannot be written", () =>
  withFolder(async (folder) => {
    await using store = localStore(folder);
    const hit = await storeTask(store, "t", OUTPUTS);
    assertEquals(pathsIn(join(folder, "work")), []);
    assertEquals(pathsIn(join(folder, "tasks")), [`${keyOf("t")}.json`]);
    assertEquals((Deno.statSync(outputPath(hit, "a")).mode ?? 0) & 0o222, 0);
  }));

Deno.test("localStore() keeps equal outputs of different tasks once", () =>
  withFolder(async (folder) => {
    await using store = localStore(folder);
    const first = await storeTask(store, "t", OUTPUTS);
    const second = await storeTask(store, "u", { c: OUTPUTS.b, d: OUTPUTS.a });
    assertEquals(first.outputs["b"]?.digest, second.outputs["c"]?.digest);
    assertEquals([...Deno.readDirSync(join(folder, "objects"))].length, 2);
  }));

const DAMAGE: Readonly<Record<string, (hit: StoreHit) => void>> = {
  "a changed byte": (hit) => overwrite(outputPath(hit, "a"), "alphb"),
  "a byte changed and the time set back": (hit) => {
    const { mtime } = Deno.statSync(outputPath(hit, "a"));
    overwrite(outputPath(hit, "a"), "alphb");
    Deno.utimeSync(outputPath(hit, "a"), mtime!, mtime!);
  },
  "a file cut short": (hit) => overwrite(outputPath(hit, "a"), "al"),
  "a byte changed in a folder": (hit) => overwrite(join(outputPath(hit, "b"), "x.txt"), "xe"),
  "a file too many in a folder": (hit) =>
    Deno.writeTextFileSync(join(outputPath(hit, "b"), "z.txt"), ""),
  "a file missing in a folder": (hit) => Deno.removeSync(join(outputPath(hit, "b"), "x.txt")),
};

function overwrite(path: string, text: string): void {
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, text);
}

for (const [what, damage] of Object.entries(DAMAGE)) {
  Deno.test(`localStore() takes ${what} for a miss, names it and can store it again`, () =>
    withFolder(async (folder) => {
      const warnings: Diagnostic[] = [];
      await using store = localStore(folder, { onWarning: (warning) => warnings.push(warning) });
      const stored = await storeTask(store, "t", OUTPUTS);
      damage(stored);
      assertEquals(await store.get(keyOf("t")), undefined);
      assertEquals(warnings.map(({ code, severity }) => [code, severity]), [
        ["damaged-object", "warning"],
      ]);
      const name = what.includes("folder") ? "b" : "a";
      const digest = stored.outputs[name]?.digest;
      assertEquals(
        warnings[0]?.message,
        `Cannot use output "${name}" of cached task "${
          keyOf("t")
        }" (t): object ${digest} is damaged`,
      );
      await storeTask(store, "t", OUTPUTS);
      const hit = await store.get(keyOf("t"));
      assertEquals(Deno.readTextFileSync(outputPath(hit, "a")), "alpha");
      assertEquals(pathsIn(outputPath(hit, "b")), ["x.txt", "y.txt"]);
    }));
}

Deno.test("localStore() takes a missing object and a torn manifest for misses", () =>
  withFolder(async (folder) => {
    const codes: string[] = [];
    await using store = localStore(folder, { onWarning: ({ code }) => codes.push(code) });
    const hit = await storeTask(store, "t", OUTPUTS);
    Deno.removeSync(outputPath(hit, "a"));
    assertEquals(await store.get(keyOf("t")), undefined);
    Deno.writeTextFileSync(join(folder, "tasks", `${keyOf("u")}.json`), '{"format":1,"ke');
    assertEquals(await store.get(keyOf("u")), undefined);
    assertEquals(codes, ["missing-object", "damaged-manifest"]);
  }));

/** What a crash, a full disk or another program may leave of a manifest. */
const DAMAGED_MANIFESTS: Readonly<Record<string, (manifest: Record<string, unknown>) => unknown>> =
  {
    "null": () => null,
    "a list": () => [],
    "no outputs": ({ outputs: _, ...rest }) => rest,
    "outputs that are null": (manifest) => ({ ...manifest, outputs: { a: null } }),
    "a digest that leads out": (manifest) => ({
      ...manifest,
      outputs: { a: { type: "file", digest: "../../x", bytes: 1, files: 1 } },
    }),
    "an unknown type": (manifest) => ({
      ...manifest,
      outputs: { a: { type: "thing", digest: keyOf("x"), bytes: 1, files: 1 } },
    }),
    "no preimage": ({ preimage: _, ...rest }) => rest,
    "no host": ({ host: _, ...rest }) => rest,
    "a duration that is a text": (manifest) => ({ ...manifest, durationMs: "1" }),
    "a time that no date has": (manifest) => ({ ...manifest, storedAt: 1e308 }),
    "another version": (manifest) => ({ ...manifest, format: 2 }),
    "another key": (manifest) => ({ ...manifest, key: keyOf("u") }),
  };

for (const [what, damage] of Object.entries(DAMAGED_MANIFESTS)) {
  Deno.test(`localStore() takes a manifest with ${what} for a miss, and verify names it`, () =>
    withFolder(async (folder) => {
      const codes: string[] = [];
      await using store = localStore(folder, { onWarning: ({ code }) => codes.push(code) });
      await storeTask(store, "t", OUTPUTS);
      const path = join(folder, "tasks", `${keyOf("t")}.json`);
      const manifest = JSON.parse(Deno.readTextFileSync(path)) as Record<string, unknown>;
      Deno.writeTextFileSync(path, JSON.stringify(damage(manifest)));
      assertEquals(await store.get(keyOf("t")), undefined);
      assertEquals(codes, ["damaged-manifest"]);
      assertEquals((await verifyStore(folder)).manifests, [path]);
    }));
}

Deno.test("localStore() takes a folder for a damaged manifest, and stores the task in its place", () =>
  withFolder(async (folder) => {
    const codes: string[] = [];
    await using store = localStore(folder, { onWarning: ({ code }) => codes.push(code) });
    await storeTask(store, "t", OUTPUTS);
    const paths = [`tasks/${keyOf("t")}.json`, `logs/${keyOf("t")}.txt`];
    for (const path of paths.map((path) => join(folder, path))) {
      Deno.removeSync(path);
      Deno.mkdirSync(join(path, "x"), { recursive: true });
    }
    assertEquals(await store.get(keyOf("t")), undefined);
    assertEquals(codes, ["damaged-manifest"]);
    await storeTask(store, "t", OUTPUTS);
    assertEquals(await (await store.get(keyOf("t")))?.log(), "log of t\n");
  }));

Deno.test("localStore() trusts an object that was touched only after reading it", () =>
  withFolder(async (folder) => {
    const warnings: Diagnostic[] = [];
    await using store = localStore(folder, { onWarning: (warning) => warnings.push(warning) });
    const path = outputPath(await storeTask(store, "t", OUTPUTS), "a");
    Deno.utimeSync(path, new Date(), new Date());
    assert(await store.get(keyOf("t")) !== undefined);
    assertEquals(Deno.statSync(path).mtime?.getUTCFullYear(), 2000);
    assertEquals(warnings, []);
  }));

Deno.test("localStore() refuses an output that was not written", () =>
  withFolder(async (folder) => {
    await using store = localStore(folder);
    const entry = {
      preimage: preimageOf("t"),
      outputs: { a: { type: "file", path: join(folder, "nothing") } },
      durationMs: 0,
      host: { versions: {} },
      log: "",
    } as const;
    const error = await assertRejects(() => store.put(keyOf("t"), entry), DiagnosticError);
    assertEquals(error.message, 'Cannot store output "a": the stage did not write it');
  }));

Deno.test("localStore() copies what an output links to, and leaves that alone", () =>
  withFolder(async (folder) => {
    await using store = localStore(join(folder, "store"));
    const precious = join(folder, "precious");
    Deno.mkdirSync(precious);
    Deno.writeTextFileSync(join(precious, "w.bin"), "weights");
    const workspace = await store.workspace(keyOf("t"));
    const out = join(workspace.directory, "m");
    Deno.mkdirSync(out);
    Deno.linkSync(join(precious, "w.bin"), join(out, "hard.bin"));
    Deno.symlinkSync(precious, join(out, "soft"));
    const hit = await store.put(keyOf("t"), {
      preimage: preimageOf("t"),
      outputs: { m: { type: "model", path: out } },
      durationMs: 0,
      host: { versions: {} },
      log: "",
    });
    assertEquals(pathsIn(outputPath(hit, "m")), ["hard.bin", "soft/", "soft/w.bin"]);
    const source = Deno.statSync(join(precious, "w.bin"));
    assert((source.mtime?.getUTCFullYear() ?? 0) > 2000);
    assertEquals((source.mode ?? 0) & 0o200, 0o200);
    await workspace[Symbol.asyncDispose]();
    assert(await store.get(keyOf("t")) !== undefined);
  }));

Deno.test("localStore() clears the work of runs that are gone, not of those that live", () =>
  withFolder(async (folder) => {
    await using other = localStore(folder);
    await using _lock = await other.lock(keyOf("live"), { signal: new AbortController().signal });
    await using live = await other.workspace(keyOf("live"));
    const dead = join(folder, "work", `${keyOf("dead")}-1-1-x`);
    Deno.mkdirSync(dead);
    Deno.writeTextFileSync(join(folder, "locks", keyOf("killed")), "");
    await using store = localStore(folder);
    await storeTask(store, "t", OUTPUTS);
    assert(Deno.statSync(live.directory).isDirectory);
    await assertRejects(() => Deno.stat(dead), Deno.errors.NotFound);
    assertEquals(pathsIn(join(folder, "locks")), [keyOf("live")]);
  }));

Deno.test("localStore() keeps what it was asked for from being collected", () =>
  withFolder(async (folder) => {
    {
      await using store = localStore(folder);
      await storeTask(store, "t", OUTPUTS);
    }
    {
      await using store = localStore(folder);
      const hit = await store.get(keyOf("t"));
      assertThrows(() => collectGarbage(folder, { onlyKept: true }), DiagnosticError, "is using");
      assertEquals(Deno.readTextFileSync(outputPath(hit, "a")), "alpha");
    }
    assertEquals(collectGarbage(folder, { onlyKept: true }).tasks, [keyOf("t")]);
  }));

Deno.test("localStore() does without locks where there are none", () =>
  withFolder(async (folder) => {
    const { tryLockSync, lock } = Deno.FsFile.prototype;
    const noLocks = () => {
      throw new Deno.errors.NotSupported("No locks available (os error 37)");
    };
    Object.assign(Deno.FsFile.prototype, { tryLockSync: noLocks, lock: noLocks });
    try {
      await using store = localStore(folder);
      await using _lock = await store.lock(keyOf("t"), { signal: new AbortController().signal });
      await storeTask(store, "t", OUTPUTS);
      assert(await store.get(keyOf("t")) !== undefined);
      assertThrows(() => collectGarbage(folder), DiagnosticError, "there are no locks");
    } finally {
      Object.assign(Deno.FsFile.prototype, { tryLockSync, lock });
    }
  }));

Deno.test("localStore() finds 200 stored tasks in well under a second", () =>
  withFolder(async (folder) => {
    await using store = localStore(folder);
    const names = Array.from({ length: 200 }, (_, i) => `task ${i}`);
    await Promise.all(names.map((name) => storeTask(store, name, { value: name })));
    const start = performance.now();
    for (const name of names) assert(await store.get(keyOf(name)) !== undefined);
    const elapsedMs = performance.now() - start;
    assert(elapsedMs < 500, `${elapsedMs} ms`);
  }));
