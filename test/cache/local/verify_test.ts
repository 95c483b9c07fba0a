import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { localStore } from "../../../lib/cache/local/store.ts";
import { verifyStore } from "../../../lib/cache/local/verify.ts";
import { keyOf, storeTask, withFolder } from "../rig.ts";

Deno.test("verifyStore() names damaged and missing objects with their tasks, and removes them", () =>
  withFolder(async (folder) => {
    await using store = localStore(folder);
    const hit = await storeTask(store, "t", { a: "alpha", b: { x: "ex" } });
    await storeTask(store, "u", { c: "alpha", d: "delta" });
    const sound = await verifyStore(folder);
    assertEquals([sound.objects, sound.bytes, sound.tasks], [3, 12, 2]);
    assertEquals([sound.damaged, sound.missing, sound.manifests], [[], [], []]);

    const [a, b] = [hit.outputs["a"], hit.outputs["b"]];
    assert(a !== undefined && b !== undefined);
    // Neither size nor time tells: only reading does.
    Deno.chmodSync(a.path, 0o644);
    const { mtime } = Deno.statSync(a.path);
    Deno.writeTextFileSync(a.path, "alphb");
    Deno.utimeSync(a.path, mtime ?? 0, mtime ?? 0);
    Deno.removeSync(b.path, { recursive: true });
    const torn = join(folder, "tasks", `${keyOf("torn")}.json`);
    Deno.writeTextFileSync(torn, "{");
    const found = await verifyStore(folder, { remove: true });
    const users = [keyOf("t"), keyOf("u")].sort();
    assertEquals(found.damaged.map(({ digest, tasks }) => [digest as string, tasks]), [
      [a.digest, users],
    ]);
    assertEquals(found.missing.map(({ digest }) => digest as string), [b.digest]);
    assertEquals(found.manifests, [torn]);
    assertEquals(await store.get(keyOf("u")), undefined);
    assertEquals((await verifyStore(folder)).damaged, []);
  }));
