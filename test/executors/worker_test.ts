import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { lockFile, tryLockFile } from "../../lib/cache/local/lock.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("a worker ends with its runner, even if that is killed", () =>
  withFolder(async (folder) => {
    const runner = fromFileUrl(new URL("./holder_runner.ts", import.meta.url));
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", runner, folder],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = process.stdout.getReader();
    assertEquals(new TextDecoder().decode((await output.read()).value), "ready\n");
    const held = join(folder, "held");
    assert(tryLockFile(held) === undefined);
    process.kill("SIGKILL");
    await Promise.all([process.status, output.cancel()]);
    using _lock = await lockFile(held, { signal: AbortSignal.timeout(20_000) });
  }));
