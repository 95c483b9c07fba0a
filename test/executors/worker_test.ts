import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl, join } from "@std/path";
import { ifThere } from "../../lib/cache/disk/system_error.ts";
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

const main = fromFileUrl(new URL("../../lib/cli/main.ts", import.meta.url));

/** Waits until `look` gives something. */
async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    const found = look();
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new RangeError("it did not happen within 30 s");
}

Deno.test("what a program has started ends with the runner, even if that is killed", () =>
  withFolder(async (folder) => {
    const noted = join(folder, "pid");
    const run = ["sh", "-c", `echo $$ > ${noted}.new; mv ${noted}.new ${noted}; sleep 600`];
    const stage = { uses: "command", with: { run, outputs: { text: "text" } } };
    await Deno.writeTextFile(
      join(folder, "p.yaml"),
      JSON.stringify({ name: "p", stages: { stage } }),
    );
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", main, "run", "p.yaml", "--trust"],
      cwd: folder,
      env: { XDG_CONFIG_HOME: folder },
      stdout: "null",
      stderr: "null",
    }).spawn();
    const pid = Number(await eventually(() => ifThere(() => Deno.readTextFileSync(noted))));
    process.kill("SIGKILL");
    await process.status;
    await eventually(() => isGone(pid) ? true : undefined);
  }));

function isGone(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return true;
  }
}
