/**
 * `deno run -A test/tools/class_table.ts REPORT [METHOD…]`: what prompts change class by class, from a
 * `report.json`. For each source a row with the accuracy of each model on the shrunk images, and rows
 * with the change by each prompt, in points, means of the seeds. Methods are named as in the report,
 * with their rate behind a comma where they have one: `vp,8`.
 *
 * @module
 */

interface ClassResult {
  readonly name: string;
  readonly mean: number;
}

/** A score of report.json. */
export interface ClassScore {
  readonly task: string;
  readonly model: string;
  readonly source: string | null;
  readonly method: string;
  readonly setting?: { readonly lr?: number };
  readonly mean: number;
  readonly classes?: readonly ClassResult[];
}

const points = (share: number) => (100 * share).toFixed(0);

function signed(share: number): string {
  const rounded = Math.round(100 * share);
  return `${rounded < 0 ? "−" : "+"}${Math.abs(rounded)}`;
}

const named = ({ method, setting }: ClassScore) =>
  setting?.lr === undefined ? method : `${method},${setting.lr}`;

/** The lines of the table of a task. */
export function classTable(
  scores: readonly ClassScore[],
  task: string,
  methods: readonly string[] = [],
): readonly string[] {
  const own = scores.filter((score) => score.task === task && score.classes !== undefined);
  const shrunk = new Map(
    own.filter(({ method }) => method === "shrunk").map((score) => [score.model, score]),
  );
  const trained = own.filter((score) =>
    score.source !== null && shrunk.has(score.model) &&
    (methods.length === 0 || methods.includes(named(score)))
  );
  const models = [...new Set(trained.map(({ model }) => model))];
  const names = own[0]?.classes?.map(({ name }) => name) ?? [];
  const heads = ["prompt", "from", "on", "all", ...names];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const before = models.map((model) => {
    const { mean, classes } = shrunk.get(model)!;
    return row(["shrunk", "–", model, points(mean), ...classes!.map((one) => points(one.mean))]);
  });
  const after = trained.map((score) => {
    const base = shrunk.get(score.model)!;
    const changes = score.classes!.map(({ mean }, i) => signed(mean - base.classes![i]!.mean));
    const all = signed(score.mean - base.mean);
    return row([named(score), score.source!, score.model, all, ...changes]);
  });
  return [
    row(heads),
    `| --- | --- | --- |${" ---: |".repeat(names.length + 1)}`,
    ...before,
    ...after,
  ];
}

if (import.meta.main) {
  const [path = "report.json", ...methods] = Deno.args;
  const { scores } = JSON.parse(await Deno.readTextFile(path)) as { scores: readonly ClassScore[] };
  for (const task of new Set(scores.map((score) => score.task))) {
    console.log(`${task}\n`);
    for (const line of classTable(scores, task, methods)) console.log(line);
    console.log("");
  }
}
