/** Runs the pipeline beside it with short checkpoint intervals. Arguments: store, interval in ms. @module */
import { fromFileUrl } from "@std/path";
import { openPipeline } from "../../../lib/workspace/open_pipeline.ts";
import { localExecutor } from "../../../lib/executors/local.ts";
import { runTasks } from "../../../lib/pipeline/run/run_plan.ts";

const [cache = "", intervalMs = "100"] = Deno.args;
const file = fromFileUrl(new URL("./pipeline.yaml", import.meta.url));
const warnings: string[] = [];
await using opened = await openPipeline(
  { file, cache, remote: Deno.env.get("TVP_CACHE_REMOTE") },
  { onWarning: ({ message }) => warnings.push(message) },
);
await using executor = localExecutor();
const summary = await runTasks(opened.plan, {
  ...opened,
  executor,
  capacity: { cpu: 4, gpu: 0 },
  checkpointIntervalMs: Number(intervalMs),
  failureMode: "continue",
});
const { outcome, cached, ran, outcomes } = summary;
const outputs = Object.fromEntries(outcomes.map(({ task, hit }) => [
  task.id,
  Object.values(hit?.outputs ?? {}).map(({ digest }) => digest),
]));
console.log(JSON.stringify({ outcome, cached, ran, outputs, warnings }));
