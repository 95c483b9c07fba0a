import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import { type Plan, selectTargets } from "../../pipeline/plan/plan.ts";
import type { RunSummary } from "../../pipeline/run/run.ts";
import { runTasks } from "../../pipeline/run/schedule.ts";
import {
  type Command,
  type CommandArguments,
  exitCodes,
  hasFlag,
  pipelineOptions,
} from "../command.ts";
import { cacheLimitOf, trimStore } from "../cache_limit.ts";
import { chooseExecutor, executorNames } from "../choose_executor.ts";
import { checkProvider, chooseProvider, deviceOptions } from "../device.ts";
import { forceRule } from "../force.ts";
import { interruptSignal } from "../interrupt.ts";
import type { Logger } from "../loggers/logger.ts";
import {
  cacheFolderOf,
  type OpenedPipeline,
  openPipeline,
  projectRoot,
  stateFolder,
} from "../open_pipeline.ts";
import { printLine, printNotice, secretValues } from "../print.ts";
import { RunLayout } from "../../workspace/run_folder.ts";
import type { TrustItem } from "../../workspace/trust_items.ts";
import { isRecorded, latestRun, recordRun, runsFolder } from "../../workspace/run_record.ts";

/** Runs a pipeline. */
const command: Command = {
  name: "run",
  summary: "Runs a pipeline: what is cached is not run again.",
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
    jobs: { type: "number", value: "N", help: "most tasks at once; default: as the cores allow" },
    executor: { type: "text", choices: executorNames, help: "where tasks run; default local" },
    "slurm-args": { type: "text", value: "ARGS", help: "further arguments of sbatch" },
    ...deviceOptions,
    plan: { type: "flag", help: "show what would run, and run nothing" },
    force: { type: "optional", value: "STAGE", repeat: true, help: "run although it is cached" },
    "keep-going": { type: "flag", help: "after a failure run what does not need it" },
    "cache-limit": {
      type: "text",
      value: "SIZE",
      help: "after the run the longest unused results go until the rest fits: 10GiB",
    },
    trust: { type: "flag", help: "the file's own stages and programs may run; remembered" },
    "require-trust": { type: "flag", help: "end where something of the file is not trusted" },
    quiet: { type: "flag", help: "print failures and the last line only" },
  },
  async run(args) {
    if (hasFlag(args, "plan")) return (await import("./plan.ts")).default.run(args);
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
    if (items.length > 0) (await import("../ask_trust.ts")).askTrust(args, items);
  };
  await using opened = await openPipeline(args, { onWarning, mayRun });
  sink.logger = afterStart(await chooseLogger(args, opened.plan), early);
  return { code: await runOpened(args, opened, sink.logger), plan: opened.plan };
}

/** A logger that tells what there was to warn of when the first event has said that a run begins. */
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

async function runOpened(
  args: CommandArguments,
  opened: OpenedPipeline,
  logger: Logger,
): Promise<number> {
  const { plan, store, digests, resolver } = opened;
  const selected = selectTargets(plan, args.options.get("target") ?? []);
  if (!selected.ok) throw new DiagnosticError(selected.error);
  const startedAt = Date.now();
  const { jobs, capacity, open } = chooseExecutor(args);
  const provider = await chooseProvider(args);
  await using executor = await open(opened.cacheFolder);
  using interrupt = interruptSignal(() => !hasFlag(args, "json"));
  const summary = await runTasks(plan, {
    store,
    digests,
    resolver,
    executor,
    selected: selected.value,
    capacity,
    jobs,
    failureMode: hasFlag(args, "keep-going") ? "continue" : "no-new",
    provider,
    outputCheck: new URL("lib/artifacts/check_outputs.ts", projectRoot).href,
    strictProvider: hasFlag(args, "strict-provider"),
    force: forceRule(args, plan),
    signal: interrupt.signal,
    hide: (text) => secretValues().hide(text),
    ...(executor.name === "local" ? { prepare: () => checkProvider(provider) } : {}),
  }, (event) => logger.log(event)).finally(() => logger.close());
  const layout = new RunLayout(plan.tasks);
  const folder = keepRecord(args, plan, { summary, startedAt, layout });
  await reportResult(args, { pipeline: plan.name, summary, folder, layout });
  return { done: exitCodes.done, failed: exitCodes.failed, interrupted: exitCodes.interrupted }[
    summary.outcome
  ];
}

function keepRecord(
  args: CommandArguments,
  plan: Plan,
  { summary, startedAt, layout }: { summary: RunSummary; startedAt: number; layout: RunLayout },
): string {
  const folder = runsFolder(stateFolder, plan.name);
  const { outcome, outcomes, durationMs } = summary;
  // What ran anew is shown anew, even if its result has the digest it had.
  const isNew = outcomes.some(({ state }) => state === "ran");
  if (outcome !== "done" || isNew || !isRecorded(latestRun(folder), outcomes)) {
    const file = args.operands[0]!;
    const set = (args.options.get("set") ?? []).map((each) => secretValues().hide(each));
    const record = { pipeline: plan.name, file, set, startedAt, durationMs, outcome };
    recordRun(folder, record, { outcomes, layout });
  }
  return `${folder}/latest`;
}

/** Says where the pages lie, to GitHub too. */
async function reportResult(
  args: CommandArguments,
  { pipeline, summary, folder, layout }: {
    pipeline: string;
    summary: RunSummary;
    folder: string;
    layout: RunLayout;
  },
): Promise<void> {
  const { findPages } = await import("../pages.ts");
  const pages = findPages(summary.outcomes, layout, folder);
  if (!hasFlag(args, "json")) { for (const page of pages) printLine(`Report: ${page}`); }
  if (Deno.env.get("GITHUB_STEP_SUMMARY") === undefined) return;
  const { writeStepFiles } = await import("../github.ts");
  writeStepFiles({ pipeline, summary, pages });
}

async function chooseLogger(args: CommandArguments, plan: Plan): Promise<Logger> {
  if (hasFlag(args, "json")) return (await import("../loggers/json.ts")).jsonLogger();
  const quiet = hasFlag(args, "quiet");
  if (Deno.env.get("GITHUB_ACTIONS") === "true" && !quiet) {
    const { githubLogger } = await import("../loggers/github.ts");
    const { stagePlaces } = await import("../../workspace/stage_places.ts");
    const places = stagePlaces(plan.spec);
    const file = { path: args.operands[0]! };
    return githubLogger({
      placeOf: (stage) => stage === undefined ? file : places.get(stage) ?? file,
    });
  }
  if (!quiet && Deno.stdout.isTerminal()) {
    return new (await import("../loggers/terminal.ts")).TerminalLogger();
  }
  return (await import("../loggers/plain.ts")).plainLogger({ quiet });
}
