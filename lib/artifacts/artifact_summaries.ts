/** Says in a few lines what an artifact holds, for a look at it. @module */
import type { ArtifactType } from "../pipeline/contract/stage.ts";
import type { Curve } from "./curve.ts";
import type { Scores } from "./scores.ts";

/** Reads an artifact and says what it holds; rejects as its reader does. */
export type ArtifactSummary = (path: string) => Promise<readonly string[]>;

/** Summaries by type; each loads its code when it is asked. Of the other types only the path is said. */
export const artifactSummaries: Readonly<Partial<Record<ArtifactType, ArtifactSummary>>> = {
  scores: scoresLines,
  curve: async (path) => curveLines(await (await import("./curve.ts")).readCurve(path)),
  prompt: promptLines,
  dataset: datasetLines,
};

/** Most classes that are listed. */
const MOST_CLASSES = 10;

async function scoresLines(path: string): Promise<string[]> {
  const { readScores, scoresText } = await import("./scores.ts");
  const { task, model, method, seed, rows, classes = [] } = await readScores(path);
  const by = seed === null ? method : `${method}, seed ${seed}`;
  return [`${scoresText(rows)}: ${model} on ${task}, ${by}`, ...hitsByClass(rows, classes)];
}

/** `right by class: cat 8 of 10, dog 3 of 9`, where there are few classes. */
function hitsByClass(rows: Scores["rows"], classes: readonly string[]): string[] {
  if (classes.length === 0 || classes.length > MOST_CLASSES) return [];
  const counts = classes.map((name, index) => {
    const own = rows.filter(({ answer }) => answer === index);
    return `${name} ${own.filter(({ hit }) => hit).length} of ${own.length}`;
  });
  return [`right by class: ${counts.join(", ")}`];
}

function curveLines({ method, source, seed, points }: Curve): string[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  return [
    `loss ${figure(first.loss)} at step ${first.step}, ${
      figure(last.loss)
    } at step ${last.step}: ` +
    `${method} on ${source}, seed ${seed}`,
  ];
}

async function promptLines(path: string): Promise<string[]> {
  const { kindOfPrompt, readPrompt } = await import("./prompt.ts");
  const { promptPeak, promptRms } = await import("../prompts/frames.ts");
  const prompt = await readPrompt(path);
  const { meta, delta: { data: delta } } = prompt;
  const { kind, image, canvas, method, sources, steps, seed } = meta;
  const rms = promptRms({ ...meta, kind: kindOfPrompt(prompt), delta });
  const how = [
    sources.length === 0 ? method : `${method} on ${sources.map(({ name }) => name).join(" + ")}`,
    ...(steps === undefined ? [] : [`${steps} steps`]),
    ...(seed === null ? [] : [`seed ${seed}`]),
  ];
  return [
    `${kind}, image of ${image} pixels on a canvas of ${canvas}; ` +
    `RMS ${figure(rms)} and peak ${figure(promptPeak(delta))} in pixel values of 0 to 1`,
    how.join(", "),
  ];
}

async function datasetLines(path: string): Promise<string[]> {
  const { openDatasetFolder } = await import("../data/dataset_folder.ts");
  const { info, rows, width, height } = await openDatasetFolder(path);
  const clusters = new Set(rows.map(({ cluster }) => cluster)).size;
  const size = width === undefined ? "" : `, ${width} × ${height} pixels`;
  return [
    `${info.name}, ${info.kind}: ${rows.length} rows in ${clusters} clusters${size}`,
    ...rowsByClass(rows, info.classes ?? []),
  ];
}

function rowsByClass(
  rows: readonly { readonly answer: string; readonly label?: number }[],
  classes: readonly string[],
): string[] {
  if (classes.length === 0) return [];
  if (classes.length > MOST_CLASSES) return [`${classes.length} classes`];
  const counts = classes.map((name, index) => {
    const isOwn = ({ answer, label }: (typeof rows)[number]) =>
      label === undefined ? answer === name : label === index;
    return `${name} ${rows.filter(isOwn).length}`;
  });
  return [`rows by class: ${counts.join(", ")}`];
}

const figure = (value: number) => String(Number(value.toPrecision(4)));
