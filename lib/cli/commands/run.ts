import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import type { Plan } from "../../pipeline/plan/plan.ts";
import { type ExecutorName, executorTable } from "../../workspace/choose_executor.ts";
import { type OpenedPipeline, openPipeline } from "../../workspace/open_pipeline.ts";
import { loadLater } from "../../workspace/load_later.ts";
import { stateFolder } from "../../workspace/places.ts";
import { type PipelineRun, runOpened } from "../../workspace/run_pipeline.ts";
import { latestRun, runsFolder } from "../../workspace/run_record.ts";
import { trimStore } from "../../workspace/trim_store.ts";
import type { TrustItem } from "../../workspace/trust_items.ts";
import {
  type Command,
  type CommandArguments,
  exitCodes,
  hasFlag,
  numberOption,
  pipelineOptions,
  textOption,
} from "../command.ts";
import { loadCommand } from "../command_table.ts";
import { chooseProvider, deviceOptions } from "../device.ts";
import { showFetched } from "../fetch_line.ts";
import { interruptSignal } from "../interrupt.ts";
import type { Logger } from "../loggers/logger.ts";
import { chooseLogger } from "../loggers/logger_table.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { cacheFolderOf, cacheLimitOf, pipelineOf } from "../pipeline_arguments.ts";
import { printLine, printNotice } from "../print.ts";

/** Runs a pipeline. */
const command: Command = {
  name: "run",
  summary: "Runs a pipeline. It does not run again what is cached.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task pipeline pipelines/quickstart.yaml --set 'vars.seeds=[0]' --jobs 2",
  failure: "a stage failed",
  interrupted: "interrupted, state saved",
  options: {
    ...pipelineOptions,
    target: {
      type: "text",
      value: "STAGE",
      repeat: true,
      help: "run this stage and what it needs",
    },
    jobs: {
      type: "number",
      value: "N",
      help: "run at most N tasks at once; default one per core, on Slurm 500",
    },
    executor: {
      type: "text",
      choices: Object.keys(executorTable),
      help: "where tasks run; default local",
    },
    "slurm-args": { type: "text", value: "ARGS", help: "more arguments for sbatch" },
    ...deviceOptions,
    plan: { type: "flag", help: "show what would run, and run nothing" },
    force: {
      type: "optional",
      value: "STAGE",
      repeat: true,
      help: "run it even if it is cached",
    },
    "keep-going": {
      type: "flag",
      help: "after a failure, go on with tasks that do not need the failed one",
    },
    "cache-limit": {
      type: "text",
      value: "SIZE",
      help: "after the run, keep the last used results that fit: 10GiB",
    },
    trust: { type: "flag", help: "trust the file's own stages and programs, now and later" },
    "require-trust": { type: "flag", help: "stop if the file brings code that is not trusted" },
    quiet: { type: "flag", help: "print only failures and the last line" },
  },
  async run(args) {
    if (hasFlag(args, "plan")) return (await loadCommand("plan")).run(args);
    const limitBytes = cacheLimitOf(args);
    const { code, plan } = await openAndRun(args);
    if (limitBytes !== undefined) await trimAfter(plan, args, limitBytes);
    return code;
  },
};
export default command;

async function openAndRun(args: CommandArguments): Promise<{ code: number; plan: Plan }> {
  const sink: { logger?: Logger } = {};
  const early: Diagnostic[] = [];
  const onWarning = (diagnostic: Diagnostic) =>
    sink.logger ? sink.logger.log({ type: "warning", diagnostic }) : void early.push(diagnostic);
  const mayRun = async (items: readonly TrustItem[]) => {
    if (items.length > 0) (await trustModule()).askTrust(args, items);
  };
  await using opened = await openPipeline(pipelineOf(args), {
    onWarning,
    onFetch: showFetched,
    mayRun,
  });
  sink.logger = afterStart(await chooseLogger({ args, plan: opened.plan }), early);
  return { code: await runAndTell(args, opened, sink.logger), plan: opened.plan };
}

/** A logger that prints earlier warnings after the first event, which says that the run begins. */
function afterStart(logger: Logger, early: Diagnostic[]): Logger {
  return {
    log(event) {
      logger.log(event);
      for (const diagnostic of early.splice(0)) logger.log({ type: "warning", diagnostic });
    },
    close: () => logger.close(),
  };
}

/** Once the store is closed, as only a store that no run uses can be cleared. */
async function trimAfter(plan: Plan, args: CommandArguments, limitBytes: number): Promise<void> {
  const { tasks = [] } = latestRun(runsFolder(stateFolder, plan.name)) ?? {};
  const keep = new Set(tasks.flatMap(({ key }) => (key ?? []) as Key[]));
  const warning = await trimStore(cacheFolderOf(args), { limitBytes, keep });
  if (warning !== undefined) printNotice(warning.message);
}

async function runAndTell(
  args: CommandArguments,
  opened: OpenedPipeline,
  logger: Logger,
): Promise<number> {
  const provider = await chooseProvider(args);
  using interrupt = interruptSignal(() => !hasFlag(args, "json"));
  const run = await runOpened(pipelineOf(args), opened, {
    targets: args.options.get("target") ?? [],
    force: args.options.get("force") ?? [],
    executor: (textOption(args, "executor") ?? "local") as ExecutorName,
    jobs: numberOption(args, "jobs"),
    slurmArgs: textOption(args, "slurm-args"),
    keepGoing: hasFlag(args, "keep-going"),
    provider,
    strictProvider: hasFlag(args, "strict-provider"),
    signal: interrupt.signal,
    onEvent: (event) => {
      if (event.type === "task-started") void giveUpAfterOpening(opened);
      logger.log(event);
    },
  }).finally(() => logger.close());
  if (run.summary.failed > 0 && !hasFlag(args, "json")) await tellFailures(args, run);
  await tellPages(args, run);
  return exitCodes[run.summary.outcome];
}

/** Lists what failed, as the lines on it may have gone by long ago. */
async function tellFailures(args: CommandArguments, { plan, summary }: PipelineRun): Promise<void> {
  const { failedTaskLines } = await loadLater<typeof import("../failed_tasks.ts")>(
    new URL("../failed_tasks.ts", import.meta.url),
  );
  for (const line of failedTaskLines(pipelineOf(args), plan, summary.outcomes)) printLine(line);
}

/** Says where the pages lie, to GitHub too. */
async function tellPages(
  args: CommandArguments,
  { plan, summary, pages }: PipelineRun,
): Promise<void> {
  if (!hasFlag(args, "json")) { for (const page of pages) printLine(`Report: ${page}`); }
  if (Deno.env.get("GITHUB_STEP_SUMMARY") === undefined) return;
  const { writeStepFiles } = await loadLater<typeof import("../github.ts")>(
    new URL("../github.ts", import.meta.url),
  );
  writeStepFiles({ pipeline: plan.name, summary, pages });
}

const trustModule = () =>
  loadLater<typeof import("../ask_trust.ts")>(new URL("../ask_trust.ts", import.meta.url));
