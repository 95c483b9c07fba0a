import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { lockFile, tryLockFile } from "../../../lib/cache/local/lock.ts";
import { withFolder } from "../rig.ts";

const forever = new AbortController().signal;

Deno.test("lockFile() lets one in at a time and leaves no file", () =>
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    let [inside, most, total] = [0, 0, 0];
    const enter = async () => {
      using _lock = await lockFile(path, { signal: forever });
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      total += 1;
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, enter));
    assertEquals([most, total], [1, 20]);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("lockFile() says once that it waits, and stops waiting when aborted", () =>
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    using _held = tryLockFile(path);
    const controller = new AbortController();
    let waits = 0;
    const onWait = () => {
      waits += 1;
      controller.abort(new RangeError("enough"));
    };
    await assertRejects(() => lockFile(path, { signal: controller.signal, onWait }), RangeError);
    assertEquals(waits, 1);
  }));

Deno.test("lockFile() takes over from a process that was killed", () =>
  withFolder(async (folder) => {
    const path = join(folder, "lock");
    const module = new URL("../../../lib/cache/local/lock.ts", import.meta.url).href;
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        "--quiet",
        `import { tryLockFile } from "${module}";
         globalThis.lock = tryLockFile(${JSON.stringify(path)});
         console.log("held");
         setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
    }).spawn();
    const output = process.stdout.getReader();
    await output.read();
    assert(tryLockFile(path) === undefined);
    process.kill("SIGKILL");
    await Promise.all([process.status, output.cancel()]);
    using lock = tryLockFile(path);
    assert(lock !== undefined);
  }));
