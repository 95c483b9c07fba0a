import { format as formatBytes } from "@std/fmt/bytes";
import { manifestBytes, type StoredManifest } from "../../cache/local/store.ts";
import { storeUsage } from "../../cache/local/usage.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { stateFolder } from "../../workspace/places.ts";
import { openPreview } from "../../workspace/open_preview.ts";
import { otherSettings } from "../last_settings.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { count, formatDuration, printJson, printLine, table } from "../print.ts";
import { failedKeys, latestRun, runsFolder } from "../../workspace/run_record.ts";
import { type UnfinishedRun, unfinishedRuns } from "../../workspace/running.ts";

/** Counts what is cached, and what failed in the last run. */
const command: Command = {
  name: "status",
  summary: "Counts the cached tasks and saved states of each stage.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp status pipelines/quickstart.yaml",
  options: { ...pipelineOptions, ...deviceOptions },
  async run(args) {
    const file = pipelineOf(args);
    await using opened = await openPreview(file, await previewOptions(args));
    const { plan, store, previews } = opened;
    const folder = runsFolder(stateFolder, plan.name);
    const last = latestRun(folder);
    const failures = failedKeys(last);
    const previewsOf = Map.groupBy(previews, ({ task }) => task.stage);
    const stages = await Promise.all([...plan.stages].map(async ([stage, tasks]) => {
      const own = previewsOf.get(stage) ?? [];
      const cached = own.filter(({ state }) => state === "cached");
      const saved = await Promise.all(
        own.map(({ state, resolved }) =>
          state === "run" ? store.checkpointOf(resolved!.key) : undefined
        ),
      );
      return {
        stage,
        uses: tasks[0]?.uses ?? "",
        tasks: tasks.length,
        cached: cached.length,
        failed: own.filter(({ state, resolved }) =>
          state === "run" && failures.has(resolved!.key)
        ).length,
        checkpoints: saved.filter((checkpoint) => checkpoint !== undefined).length,
        providers: [...new Set(cached.flatMap(({ hit }) => hit!.manifest.host.provider ?? []))],
        durationMs: cached.reduce((sum, { hit }) => sum + hit!.manifest.durationMs, 0),
        bytes: manifestBytes(cached.map(({ hit }) => hit!.manifest as StoredManifest)),
      };
    }));
    const used = storeUsage(opened.cacheFolder);
    if (hasFlag(args, "json")) [...stages, { store: used }].forEach(printJson);
    else {
      printLine(table(stages.map((row) => [
        row.cached === row.tasks ? "✓" : row.failed > 0 ? "✗" : "…",
        row.stage,
        `${row.cached}/${row.tasks} cached`,
        row.failed > 0 ? `${row.failed} failed` : "",
        row.checkpoints > 0 ? `${row.checkpoints} saved part-way` : "",
        row.cached > 0 ? `took ${formatDuration(row.durationMs)}` : "",
        row.cached > 0 ? formatBytes(row.bytes) : "",
        row.providers.length > 0 ? `on ${row.providers.join(", ")}` : "",
      ])));
      printLine(
        `Store: ${count(used.tasks, "task")} of all pipelines, ${formatBytes(used.bytes)}, and ` +
          `${formatBytes(used.otherBytes)} of saved states and downloads`,
      );
      for (const { id, startedAt } of unfinishedRuns(folder).filter(isRunning)) {
        printLine(`Running: ${id}, for ${formatDuration(Date.now() - startedAt)}`);
      }
      if (last) {
        const had = otherSettings(last, file.set ?? []);
        printLine(
          `Last run: ${last.id}, ${last.outcome}${had === undefined ? "" : `, with ${had}`}`,
        );
      }
    }
    return exitCodes.done;
  },
};
export default command;

const isRunning = ({ outcome }: UnfinishedRun) => outcome === "running";
