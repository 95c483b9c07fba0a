/** Gathers scores, curves, prompts and images into what the report shows. @module */
import type { Cost } from "../artifacts/cost.ts";
import type { Curve } from "../artifacts/curve.ts";
import type { TransferEstimate } from "../artifacts/estimate.ts";
import { kindOfPrompt, type Prompt } from "../artifacts/prompt.ts";
import type { Example, Primary, PromptImage, ReportData, Specimen } from "../artifacts/report.ts";
import type { ScoredRow, Scores } from "../artifacts/scores.ts";
import { promptedPlanes } from "../models/prompted_images.ts";
import { promptRms } from "../prompts/frames.ts";
import { encodePng } from "../vision/encode_png.ts";
import { squared } from "../vision/fit.ts";
import type { Images } from "../vision/images.ts";
import { unitPlanes } from "../vision/resize.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import { amplitude } from "../report/words.ts";
import { appliedPrompt } from "./applied_prompt.ts";
import { predictorsOf } from "./predictors.ts";
import { summarize } from "./summary.ts";

/** What a report is made from. */
export interface ReportInput {
  readonly title: string;
  readonly scores: readonly Scores[];
  readonly curves: readonly Curve[];
  readonly prompts: readonly Prompt[];
  /** The images of the evaluated split. */
  readonly data?: { readonly images: Images };
  /** The family of comparisons named beforehand. */
  readonly primary: readonly Primary[];
  /** Baselines on the validation split, for the preconditions. */
  readonly validation: readonly Scores[];
  /** How many example images. */
  readonly examples: number;
  /** What `estimate-transfer` wrote. */
  readonly estimates?: readonly TransferEstimate[];
  /** What `measure-cost` wrote. */
  readonly costs?: readonly Cost[];
  /** Further images: bytes of an SVG or PNG file. */
  readonly figures?: readonly { readonly caption: string; readonly bytes: Uint8Array }[];
}

async function dataUri(planes: Float32Array, side: number): Promise<string> {
  const png = await encodePng(planes, { height: side, width: side });
  return `data:image/png;base64,${png.toBase64()}`;
}

const sourcesOf = ({ meta }: Prompt) => meta.sources.map((s) => s.name).join(" + ");

/** δ around mid-grey; three standard deviations of its pixels are black or white. */
async function promptImage(prompt: Prompt): Promise<PromptImage> {
  const { meta, delta } = prompt;
  const deviation = promptRms({ ...meta, kind: kindOfPrompt(prompt), delta: delta.data });
  const planes = delta.data.map((x) => 0.5 + x / (6 * deviation || 1));
  return {
    method: meta.method,
    source: sourcesOf(prompt),
    seed: meta.seed,
    image: await dataUri(planes, meta.canvas),
    facts: {
      "RMS of δ": amplitude(deviation),
      lr: String(meta.lr ?? "unknown"),
      steps: String(meta.steps ?? "unknown"),
      loss: Object.entries(meta.loss).map(([term, w]) => `${w} ${term}`).join(" + "),
    },
  };
}

const wordOf = (answer: number | string, { classes }: Scores) =>
  typeof answer === "number" ? classes?.[answer] ?? String(answer) : answer;

/** Scores of every model with and without a prompt. */
interface Pair {
  readonly before: Scores;
  readonly after: Scores;
}

function pairsOf(scores: readonly Scores[], prompt: Prompt): Pair[] {
  const mine = scores.filter((s) =>
    s.method === prompt.meta.method && s.seed === prompt.meta.seed &&
    s.sources.join(" + ") === sourcesOf(prompt) && s.role !== "clip"
  );
  return mine.flatMap((after) => {
    const before = scores.find((s) =>
      s.method === "shrunk" && s.model === after.model && s.task === after.task
    );
    return before ? [{ before, after }] : [];
  });
}

/** Rows on which some model changed its answer, in the order of the split. */
function changedRows(pairs: readonly Pair[]): number[] {
  const rows: readonly ScoredRow[] = pairs[0]?.after.rows ?? [];
  const changed = ({ before, after }: Pair, i: number) =>
    before.rows[i]!.prediction !== after.rows[i]!.prediction;
  return rows.map((_, i) => i).filter((i) => pairs.some((pair) => changed(pair, i)));
}

/** An image of the split as a square in [0, 1]. */
async function squareOf({ images }: { readonly images: Images }, row: number) {
  const { data, height, width } = await images.read(row);
  return squared({ data: unitPlanes(data), height, width }, images.fit);
}

/** The first image as it is, shrunk, and under the first prompt of every method. */
async function specimensOf({ data, prompts }: ReportInput): Promise<Specimen[]> {
  const [first] = prompts;
  if (!data || !first) return [];
  const { data: planes, side } = await squareOf(data, 0);
  const { canvas, image } = first.meta;
  const methods = new Map(prompts.toReversed().map((prompt) => [prompt.meta.method, prompt]));
  const shrunk = shrinkAndPad(planes, { from: side, image, canvas });
  return [
    { method: "none", image: await dataUri(planes, side) },
    { method: "shrunk", image: await dataUri(shrunk, canvas) },
    ...await Promise.all(
      [...methods].toReversed().map(async ([method, prompt]) => ({
        method,
        image: await dataUri(
          promptedPlanes(planes, side, appliedPrompt(prompt)),
          prompt.meta.canvas,
        ),
      })),
    ),
  ];
}

async function example(
  row: number,
  pairs: readonly Pair[],
  prompt: Prompt,
  data: { readonly images: Images },
) {
  const { canvas, image } = prompt.meta;
  const { data: planes, side: from } = await squareOf(data, row);
  const shrunk = shrinkAndPad(planes, { from, image, canvas });
  const prompted = promptedPlanes(planes, from, appliedPrompt(prompt));
  return {
    answer: wordOf(pairs[0]!.after.rows[row]!.answer, pairs[0]!.after),
    method: prompt.meta.method,
    before: await dataUri(shrunk, canvas),
    after: await dataUri(prompted, canvas),
    models: pairs.map(({ before, after }) => ({
      model: after.model,
      role: after.role,
      before: wordOf(before.rows[row]!.prediction, before),
      after: wordOf(after.rows[row]!.prediction, after),
    })),
  } satisfies Example;
}

async function examplesOf(input: ReportInput): Promise<Example[]> {
  const { data, prompts, scores, primary, examples } = input;
  const prompt = prompts.find((p) => p.meta.method === primary[0]?.a) ?? prompts.at(-1);
  if (!data || !prompt) return [];
  const pairs = pairsOf(scores, prompt);
  const rows = changedRows(pairs).slice(0, examples);
  return await Promise.all(rows.map((row) => example(row, pairs, prompt, data)));
}

/** First byte of every PNG file. */
const pngStart = 0x89;

/** How a prompt was trained, where its file says so. */
function trainingOf({ meta }: Prompt): string {
  const { optimizer, augment, lr, steps, batch } = meta;
  if (optimizer === undefined) return "trained elsewhere";
  return `${optimizer}, ${augment ?? "flip-crop"}, lr ${lr}, ${steps} steps of ${batch}`;
}

/** What every figure was made from: digests, so that it can be made again. */
function provenanceOf({ scores, prompts, primary }: ReportInput): Record<string, string> {
  const models = new Map(scores.map((s) => [s.model, s.modelDigest]));
  const settings = new Map(prompts.map((p) => [
    `prompt ${p.meta.method}`,
    `${p.meta.kind}, canvas ${p.meta.canvas}, image ${p.meta.image}, ${trainingOf(p)}`,
  ]));
  return {
    ...(primary.length === 0 ? {} : {
      "primary comparisons": primary.map(({ a, b, over }) => `${a} − ${b}, ${over}`).join("; "),
    }),
    ...Object.fromEntries([...models].map(([name, digest]) => [`model ${name}`, digest])),
    ...Object.fromEntries(settings),
  };
}

/**
 * Builds the data of a report.
 *
 * @throws {RangeError} If compared scores answer different rows.
 */
export async function buildReport(input: ReportInput): Promise<ReportData> {
  const { title, scores, curves, primary, validation } = input;
  return {
    title,
    ...summarize(scores, { primary, validation }),
    curves,
    prompts: await Promise.all(input.prompts.map(promptImage)),
    specimens: await specimensOf(input),
    examples: await examplesOf(input),
    costs: input.costs ?? [],
    predictors: predictorsOf(input.estimates ?? [], scores),
    figures: (input.figures ?? []).map(({ caption, bytes }) => ({
      caption,
      image: `data:image/${bytes[0] === pngStart ? "png" : "svg+xml"};base64,${bytes.toBase64()}`,
    })),
    provenance: provenanceOf(input),
  };
}
