import { assertEquals, assertMatch } from "@std/assert";
import { lockFlags } from "../../lib/executors/lock_copy.ts";
import { withFolder } from "../cache/rig.ts";

const lock = await Deno.readTextFile(new URL("../../deno.lock", import.meta.url));

Deno.test("lockFlags() makes one copy of the lock file, and leaves what was added to it", () =>
  withFolder(async (folder) => {
    const [flag = "", ...others] = lockFlags(`${folder}/new`);
    assertMatch(flag, /^--lock=.*\/new\/deno-[0-9a-f]{12}\.lock$/);
    assertEquals(others, []);
    const path = flag.slice("--lock=".length);
    assertEquals(await Deno.readTextFile(path), lock);
    await Deno.writeTextFile(path, "with a package of one's own");
    assertEquals(lockFlags(`${folder}/new`), [flag]);
    assertEquals(await Deno.readTextFile(path), "with a package of one's own");
    const names = [...Deno.readDirSync(`${folder}/new`)].map(({ name }) => `${folder}/new/${name}`);
    assertEquals(names, [path]);
  }));

Deno.test("lockFlags() has no lock file used where nothing may be written, nor a store made", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    assertEquals(lockFlags(`${folder}/file/below`), ["--no-lock"]);
    assertEquals(lockFlags(`${folder}/no-store/answers`), ["--no-lock"]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  }));
