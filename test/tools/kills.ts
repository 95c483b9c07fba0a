/**
 * `deno run -A test/tools/kills.ts [KILLS] [SEED]`: kills a run at random times (default 50) and compares
 * its results with those of an undisturbed one. Exit code 1 if they differ or more was lost than the
 * time between two checkpoints.
 *
 * @module
 */
import { killRuns } from "../rigs/kill_runs.ts";

const [kills = "50", seed = "0"] = Deno.args;
const intervalMs = 100;
const folder = await Deno.makeTempDir();
const report = await killRuns({
  folder,
  kills: Number(kills),
  seed: Number(seed),
  intervalMs,
});
await Deno.remove(folder, { recursive: true });
const { final, reference, leftovers, worstLostMs, stepsRun, stepsNeeded } = report;
const isSame = JSON.stringify(final.outputs) === JSON.stringify(reference.outputs);
const isClean = leftovers.length === 0 && final.warnings.length === 0;
console.log(
  `${report.kills} kills: outputs ${isSame ? "identical" : "DIFFERENT"}, ` +
    `${leftovers.length} leftovers, ${final.warnings.length} warnings, ` +
    `at most ${worstLostMs} ms lost by one (checkpoints every ${intervalMs} ms), ` +
    `${stepsRun} steps run in all, ${stepsNeeded} needed once`,
);
Deno.exit(isSame && isClean && worstLostMs <= intervalMs + 20 ? 0 : 1);
