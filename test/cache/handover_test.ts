import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join, toFileUrl } from "@std/path";
import { generateSigningKeys } from "../../lib/cache/remote/signature.ts";
import { type RunReport, startRun } from "../rigs/kill_runs.ts";
import { withFolder } from "./rig.ts";

const MAIN = fromFileUrl(new URL("../../lib/cli/main.ts", import.meta.url));
const PIPELINE = fromFileUrl(new URL("../rigs/kills/pipeline.yaml", import.meta.url));
const INTERVAL_MS = 50;

interface Place {
  readonly folder: string;
  /** What two machines share that know each other's keys: a remote, and nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

function withRemote(use: (place: Place) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const { privateKey, publicKey } = await generateSigningKeys();
    Deno.writeTextFileSync(join(folder, "cache_keys.txt"), publicKey);
    const remote = toFileUrl(join(folder, "remote")).href;
    await use({ folder, env: { TVP_CACHE_PRIVATE_KEY: privateKey, TVP_CACHE_REMOTE: remote } });
  });
}

/** Runs to the end on a store of its own. */
async function finish({ folder, env }: Place, machine: string): Promise<RunReport> {
  const log = join(folder, `log-${machine}`);
  const options = { log, intervalMs: INTERVAL_MS, folder, env };
  const report = await startRun(join(folder, machine), options).report;
  assert(report !== undefined, `the run on ${machine} crashed`);
  assertEquals([report.outcome, report.warnings], ["done", []]);
  return report;
}

/** First and last step of each chain that a machine did. */
function stepsOf({ folder }: Place, machine: string): Map<string, { first: number; last: number }> {
  const steps = new Map<string, { first: number; last: number }>();
  const log = join(folder, `log-${machine}`);
  for (const line of Deno.readTextFileSync(log).trimEnd().split("\n")) {
    const [chain = "", step] = line.split(" ");
    const known = steps.get(chain);
    steps.set(chain, { first: known?.first ?? Number(step), last: Number(step) });
  }
  return steps;
}

async function untilSteps(log: string, number: number): Promise<void> {
  await until(() => Deno.readTextFileSync(log).split("\n").length > number);
}

/** Waits for what is looked for in files that may not be there yet. */
async function until(isSo: () => boolean): Promise<void> {
  for (;;) {
    try {
      if (isSo()) return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("what a machine that died had saved goes on on another one, to the same bits", () =>
  withRemote(async (place) => {
    const { folder, env } = place;
    const log = join(folder, "log-a");
    const { process, report } = startRun(join(folder, "a"), {
      log,
      intervalMs: INTERVAL_MS,
      folder,
      env,
    });
    await untilSteps(log, 60);
    await until(() => [...Deno.readDirSync(join(folder, "remote/checkpoints"))].length > 1);
    process.kill("SIGKILL");
    assertEquals(await report, undefined);
    const [there, alone] = [await finish(place, "b"), await finish({ folder, env: {} }, "alone")];
    assertEquals(there.outputs, alone.outputs);
    const after = stepsOf(place, "b");
    assert([...after.values()].some(({ first }) => first > 1), "nothing was taken over");
  }));

Deno.test("what an interrupted machine did goes on on another one at the very step", () =>
  withRemote(async (place) => {
    const { folder, env } = place;
    const log = join(folder, "log-a");
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", MAIN, "run", PIPELINE, "--cache", "a", "--quiet"],
      cwd: folder,
      env: { TVP_KILLS_LOG: log, NO_COLOR: "1", ...env },
      stdout: "null",
      stderr: "null",
    }).spawn();
    await untilSteps(log, 40);
    process.kill("SIGINT");
    assertEquals((await process.status).code, 130);
    const [there, alone] = [await finish(place, "b"), await finish({ folder, env: {} }, "alone")];
    assertEquals(there.outputs, alone.outputs);
    const [before, after] = [stepsOf(place, "a"), stepsOf(place, "b")];
    for (const [chain, { last }] of before) {
      assertEquals(after.get(chain)?.first ?? last + 1, last + 1, `chain ${chain}`);
    }
  }));
