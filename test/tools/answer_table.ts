/**
 * `deno run -A test/tools/answer_table.ts [RUN [STAGE…]]`: how often each answer is given, and how many
 * of the rows with this answer are right, in % and as means over seeds. For tasks with few answers; RUN
 * is the folder of a run (default: the quickstart's latest), STAGE a stage that made scores.
 *
 * @module
 */
import { join } from "@std/path";
import { inSetting, methodName, modelName } from "../../lib/report/words.ts";

interface Answers {
  readonly task: string;
  readonly model: string;
  readonly method: string;
  readonly setting?: Readonly<Record<string, number | string>>;
  readonly rows: readonly {
    readonly answer: string;
    readonly prediction: string | number;
    readonly hit: boolean;
  }[];
}

/** The lines of the table of a task, for scores of any seeds. */
export function answerTable(scores: readonly Answers[]): readonly string[] {
  const names = [...new Set(scores.flatMap(({ rows }) => rows.map(({ answer }) => answer)))];
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const groups = Map.groupBy(scores, (one) => `${one.model} ${one.method}${inSetting(one)}`);
  const lines = [...groups.keys()].toSorted().map((key) => {
    const runs = groups.get(key)!;
    const rows = runs.flatMap((run) => run.rows);
    const percent = (part: number, whole: number) => Math.round(100 * part / whole);
    const cells = names.map((name) => {
      const asked = rows.filter(({ answer }) => answer === name);
      const given = rows.filter(({ prediction }) => prediction === name).length;
      const right = asked.filter(({ hit }) => hit).length;
      return `${percent(given, rows.length)}, ${percent(right, asked.length)}`;
    });
    const method = methodName(runs[0]!.method) + inSetting(runs[0]!);
    return row([method, modelName(runs[0]!.model), ...cells]);
  });
  const heads = ["method", "model", ...names.map((name) => `${name}: given, right`)];
  return [row(heads), row(heads.map(() => "---")), ...lines];
}

/** All scores of a run, by the stages that made them. */
async function* scoresIn(folder: string): AsyncGenerator<Answers> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (name === "scores.json") yield JSON.parse(await Deno.readTextFile(path)) as Answers;
    else if ((await Deno.stat(path)).isDirectory) yield* scoresIn(path);
  }
}

if (import.meta.main) {
  const [run = ".tvp/runs/quickstart/latest", ...stages] = Deno.args;
  for (const stage of stages.length > 0 ? stages : ["baseline", "frame", "transfer"]) {
    const scores = await Array.fromAsync(scoresIn(join(run, stage)));
    for (const [task, own] of Map.groupBy(scores, (one) => one.task)) {
      console.log([`${stage}, ${task}\n`, ...answerTable(own), ""].join("\n"));
    }
  }
}
