/** Scores and curves read back from their files, checked. @module */
import { z } from "zod";
import type { Curve } from "../evaluation/report_input.ts";
import type { Scores } from "../evaluation/scores.ts";
import { readJson } from "./read_json.ts";

const answer = z.union([z.number(), z.string()]);

const settings = z.record(z.string(), z.union([z.string(), z.number()]));

const scoresSchema = z.looseObject({
  task: z.string(),
  model: z.string(),
  modelDigest: z.string(),
  role: z.enum(["source", "unseen", "clip"]),
  sources: z.array(z.string()),
  method: z.string(),
  seed: z.number().nullable(),
  treatment: settings,
  delta: z.looseObject({ rms: z.number().min(0), peak: z.number().min(0) }),
  setting: settings.optional(),
  stem: z.string().optional(),
  metric: z.string(),
  classes: z.array(z.string()).optional(),
  mean: z.number().min(0).max(1),
  rows: z.array(z.looseObject({
    id: z.string(),
    digest: z.string(),
    cluster: z.string(),
    style: z.string().optional(),
    answer,
    prediction: answer,
    scores: z.array(z.number()).optional(),
    hit: z.boolean(),
  })).min(1),
}).superRefine(({ mean, rows }, { addIssue }) => {
  const share = rows.filter(({ hit }) => hit).length / rows.length;
  if (Math.abs(share - mean) < 1e-6) return;
  const message = `it is ${mean}, and ${share} of the rows are hits`;
  addIssue({ code: "custom", message, path: ["mean"] });
});

const curveSchema = z.looseObject({
  method: z.string(),
  source: z.string(),
  seed: z.number(),
  points: z.array(z.looseObject({
    step: z.number(),
    lr: z.number(),
    loss: z.number(),
    terms: z.record(z.string(), z.number()),
  })),
});

/** Reads scores. @throws {SyntaxError} With the fields that are missing or wrong. */
export async function readScores(path: string): Promise<Scores> {
  return await readChecked(path, scoresSchema) as unknown as Scores;
}

/** Reads a training curve. @throws {SyntaxError} With the fields that are missing or wrong. */
export async function readCurve(path: string): Promise<Curve> {
  return await readChecked(path, curveSchema) as unknown as Curve;
}

/** As many as help; the rest has mostly the same cause. */
const mostIssues = 3;

async function readChecked<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await readJson(path));
  if (result.success) return result.data;
  const { issues } = result.error;
  const told = issues.slice(0, mostIssues).map(({ path, message }) =>
    `${path.length === 0 ? "the whole" : path.join(".")}: ${message}`
  );
  const more = issues.length > mostIssues ? [`and ${issues.length - mostIssues} more`] : [];
  throw new SyntaxError(`Cannot read "${path}": ${[...told, ...more].join("; ")}`);
}
