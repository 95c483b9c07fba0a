/**
 * The loggers by name, and the choice of a run's loggers. A new logger is a file and a row here.
 *
 * @module
 */
import type { Plan } from "../../pipeline/plan/plan.ts";
import { type CommandArguments, hasFlag } from "../command.ts";
import { loadLater } from "../../workspace/load_later.ts";
import { isRich } from "../print.ts";
import type { Logger } from "./logger.ts";

/** What a logger is chosen by. */
export interface LoggedRun {
  readonly args: CommandArguments;
  readonly plan: Plan;
}

/** A kind of logger. */
export interface LoggerRow {
  readonly description: string;
  /** When it is taken, for people. */
  readonly when: string;
  readonly fits: (args: CommandArguments) => boolean;
  readonly open: (run: LoggedRun) => Promise<Logger>;
}

/** The first that fits is taken. */
export const loggerTable = {
  json: {
    description: "a line of JSON for each event",
    when: "with `--json`",
    fits: (args) => hasFlag(args, "json"),
    open: async () => (await load<typeof import("./json.ts")>("json.ts")).jsonLogger(),
  },
  github: {
    description: "groups, and mistakes at lines of the pipeline file",
    when: "in GitHub Actions, without `--quiet`",
    fits: (args) => Deno.env.get("GITHUB_ACTIONS") === "true" && !hasFlag(args, "quiet"),
    async open({ args, plan }) {
      const { githubLogger } = await load<typeof import("./github.ts")>("github.ts");
      const { stagePlaces } = await load<typeof import("../../workspace/stage_places.ts")>(
        "../../workspace/stage_places.ts",
      );
      const places = stagePlaces(plan.spec);
      const file = { path: args.operands[0]! };
      return githubLogger({
        placeOf: (stage) => stage === undefined ? file : places.get(stage) ?? file,
      });
    },
  },
  terminal: {
    description: "a live line for each running task",
    when: "on a terminal, without `--quiet`",
    fits: (args) => isRich(Deno.stdout) && !hasFlag(args, "quiet"),
    open: async () =>
      new (await load<typeof import("./terminal.ts")>("terminal.ts")).TerminalLogger(),
  },
  plain: {
    description: "lines of text",
    when: "elsewhere",
    fits: () => true,
    open: async ({ args }) =>
      (await load<typeof import("./plain.ts")>("plain.ts"))
        .plainLogger({ quiet: hasFlag(args, "quiet") }),
  },
} satisfies Record<string, LoggerRow>;

/** One logger does not need the others' modules. */
function load<M>(path: string): Promise<M> {
  return loadLater<M>(new URL(path, import.meta.url));
}

/** Opens the logger of a run. */
export async function chooseLogger(run: LoggedRun): Promise<Logger> {
  const rows: readonly LoggerRow[] = Object.values(loggerTable);
  return await rows.find(({ fits }) => fits(run.args))!.open(run);
}
