import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { pathsIn, withFolder } from "../cache/rig.ts";

const main = fromFileUrl(new URL("../../lib/cli/main.ts", import.meta.url));
const pipeline = fromFileUrl(new URL("../rigs/kills/pipeline.yaml", import.meta.url));

interface Ended {
  readonly code: number;
  readonly events: readonly { readonly type: string; readonly task?: string }[];
}

/** Runs the pipeline of chains in a process group of its own, and interrupts it once a stage works. */
async function run(folder: string, options: { steps: number; interrupt: boolean }): Promise<Ended> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", main, "run", pipeline, "--json", "--jobs", "1"]
      .concat(["--set", `vars.steps=${options.steps}`, "--cache", join(folder, "store")])
      .concat(["--target", "first[seed=0]"]),
    cwd: folder,
    env: { TVP_KILLS_LOG: join(folder, "log") },
    detached: true,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    const before = text;
    text += chunk;
    const isWorking = (output: string) => output.includes('"task-progress"');
    // As Ctrl-C in a terminal does: to the runner and its workers alike.
    if (options.interrupt && isWorking(text) && !isWorking(before)) {
      Deno.kill(-process.pid, "SIGINT");
    }
  }
  const { code } = await process.status;
  return { code, events: text.trim().split("\n").map((line) => JSON.parse(line)) };
}

Deno.test("a run that is interrupted saves its state, exits with 130, and goes on from there", () =>
  withFolder(async (folder) => {
    const first = await run(folder, { steps: 200_000, interrupt: true });
    assertEquals(first.code, 130);
    const checkpoints = pathsIn(join(folder, "store", "checkpoints"));
    assertEquals(checkpoints.length, 1);
    const again = await run(folder, { steps: 200_000, interrupt: true });
    assertEquals(again.code, 130);
    assert(again.events.some(({ type }) => type === "task-resumed"));
    const steps = Deno.readTextFileSync(join(folder, "log")).trimEnd().split("\n")
      .map((line) => Number(line.split(" ")[1]));
    assertEquals(steps, steps.map((_, i) => i + 1));
  }));
