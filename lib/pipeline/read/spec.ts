/** The pipeline file: one schema gives the check and the JSON Schema, and holds the types to it. @module */
import { z } from "zod";
import { schemaOf } from "../../diagnostic/schema_of.ts";
import { executorSettings } from "../contract/executor_spec.ts";
import type { ExecutorSettings } from "../contract/job.ts";
import { durationForm, sizeForm } from "./amounts.ts";

const identifier = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]*$/;

const name = z.string().regex(identifier, {
  error: "letters, digits, `-` and `_`, starting with a letter",
});

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: "letters, digits and `_`, starting with a letter",
});

/** Names of folders take 255 bytes. */
const folderName = name.max(255);

/** It has no `$`, so a text with many beginnings is searched once. */
const reference = /\$\{\{[^$]*\}\}/;

/** A reference in text: `${{ vars.x }}`. */
const expression = z.string().regex(reference, { error: "a reference such as ${{ vars.x }}" });

const condition = z.string().regex(reference, {
  error: "true, false or a reference such as ${{ vars.x }}",
});

const cell = z.record(z.string(), z.unknown());

/** An amount in a form like some examples, above zero as a number must be. */
const amount = (form: RegExp, like: string) =>
  z.string().regex(new RegExp(`(?=.*[1-9])${form.source}`), {
    error: ({ input }) => form.test(String(input)) ? "above 0" : like,
  });

/** A number counts seconds. */
const duration = z.union([
  z.number().positive(),
  amount(durationForm, "a duration such as 30s, 20m, 1.5h or 1:30:00"),
]);

/** A number counts bytes. */
const size = z.union([
  z.int().positive(),
  amount(sizeForm, "a size such as 16GiB, 16G or 500MB"),
]);

const matrix = z.object({
  include: z.array(cell).optional().describe("Cells to add, or values to add to matching cells."),
  exclude: z.array(cell).optional().describe(
    "Cells to leave out: each matches on the axes it names.",
  ),
}).catchall(z.union([z.array(z.unknown()), expression], {
  error: "a list of values, or a reference to one",
})).describe("Axes: the stage runs once for every combination of their values.");

const resources = z.strictObject({
  cpu: z.number().positive().optional().describe(
    "Threads of the task, also of ONNX Runtime; default 2, of command 1.",
  ),
  gpu: z.number().nonnegative().optional().describe("GPUs that the task needs; default 0."),
  memory: size.optional().describe("Memory that the task needs."),
  time: duration.optional().describe("Time asked for on a cluster."),
}).describe("What the task needs of the machine. Not part of the key.");

const failureReason = z.enum(["error", "crash", "timeout"]);

const retries = z.union([
  z.int().min(0).max(100),
  z.strictObject({
    attempts: z.int().min(0).max(100).describe("How often the task is tried again."),
    backoff: duration.optional().describe(
      "Wait before the first retry, doubled each time, up to an hour.",
    ),
    on: z.array(failureReason).optional().describe(
      "Failures worth a retry; default crash, timeout.",
    ),
  }),
]).describe("How often a failed task is tried again.");

const environment = z.record(
  variableName,
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);

const taskSettings = {
  resources: resources.optional(),
  retries: retries.optional(),
  timeout: duration.optional().describe("Longest time a task may take."),
  executor: executorSettings.optional(),
  env: environment.optional().describe("Environment variables of the task; part of its key."),
};

const stageObject = z.strictObject({
  uses: z.string().min(1).describe("Stage type: `optimize-prompt` is stages/optimize_prompt.ts."),
  with: z.record(z.string(), z.unknown()).optional().describe("Parameters of the stage type."),
  matrix: matrix.optional(),
  ...taskSettings,
  when: z.union([z.boolean(), condition]).optional().describe(
    "If false, the stage, or the matrix cell it refers to, is left out.",
  ),
});

const ownFolder = (what: string) =>
  z.string().min(1).optional().describe(
    `Folder of your own ${what}, relative to this file's folder.`,
  );

const pipelineObject = z.strictObject({
  $schema: z.string().optional().describe("Schema for editors: pipelines/schema.json."),
  name: folderName.describe("Names the folder of the runs, `.tvp/runs/NAME`."),
  description: z.string().optional().describe("What the pipeline is for."),
  include: z.array(z.string().min(1)).optional().describe(
    "Files whose vars, presets, env, defaults and stages are included; paths are relative to this file's folder.",
  ),
  stageFolder: ownFolder("stage types"),
  datasetFolder: ownFolder("data sets"),
  lossFolder: ownFolder("loss terms"),
  promptFolder: ownFolder("kinds of prompt"),
  vars: z.record(name, z.unknown()).optional().describe("Values for `${{ vars.NAME }}`."),
  presets: z.record(name, z.record(name, z.unknown())).optional().describe(
    "Sets of variables by name; `vars.preset` chooses one, `--set preset=NAME` another.",
  ),
  env: environment.optional().describe(
    "Environment variables that `${{ env.NAME }}` reads, with defaults; null if the variable must be set.",
  ),
  defaults: z.strictObject(taskSettings).optional().describe(
    "Settings of all stages that do not set them; env and resources are merged by name.",
  ),
  stages: z.record(name, stageObject).describe("Stages by name, in any order."),
});

/** How tasks run: what `defaults:` and each stage may say. */
export interface TaskSettings {
  resources?: {
    cpu?: number;
    gpu?: number;
    memory?: number | string;
    time?: number | string;
  };
  retries?: number | {
    attempts: number;
    backoff?: number | string;
    on?: ("error" | "crash" | "timeout")[];
  };
  timeout?: number | string;
  executor?: ExecutorSettings;
  env?: Record<string, string | number | boolean | null>;
}

/** A checked entry of `stages:`. */
export interface StageSpec extends TaskSettings {
  uses: string;
  with?: Record<string, unknown>;
  matrix?: MatrixSpec;
  when?: boolean | string;
}

/** Axes by name, each a list or a reference to one, and what is added and left out. */
export interface MatrixSpec {
  include?: Record<string, unknown>[];
  exclude?: Record<string, unknown>[];
  [axis: string]: unknown;
}

/** A checked pipeline file, references not yet followed. */
export interface PipelineTree {
  $schema?: string;
  name: string;
  description?: string;
  include?: string[];
  stageFolder?: string;
  datasetFolder?: string;
  lossFolder?: string;
  promptFolder?: string;
  vars?: Record<string, unknown>;
  presets?: Record<string, Record<string, unknown>>;
  env?: Record<string, string | number | boolean | null>;
  defaults?: TaskSettings;
  stages: Record<string, StageSpec>;
}

/** Schema of one entry of `stages:`. */
export const stageSpec: z.ZodType<StageSpec> = schemaOf<StageSpec>()(stageObject);

/** Schema of a whole pipeline file. */
export const pipelineSpec: z.ZodType<PipelineTree> = schemaOf<PipelineTree>()(pipelineObject);

let fragment: z.ZodType<Partial<PipelineTree>> | undefined;

/** Schema of a fragment for `include:`; made when a file includes one. */
export function fragmentSpec(): z.ZodType<Partial<PipelineTree>> {
  return fragment ??= schemaOf<Partial<PipelineTree>>()(
    pipelineObject.partial({ name: true, stages: true }),
  );
}
