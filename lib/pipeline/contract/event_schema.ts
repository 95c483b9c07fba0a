/** The schema of the lines of `--json`. It is checked against the types of `event.ts`. @module */
import { z } from "zod";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { schemaOf } from "../../diagnostic/schema_of.ts";
import { eventVersion, type RunEvent } from "./event.ts";
import type { JobFailure, QueueState } from "./job.ts";
import type { Key } from "./key.ts";
import type { Progress } from "./stage.ts";

const key = z.string().regex(/^[0-9a-f]{64}$/).describe(
  "sha256 of everything that determines the task's outputs.",
) as unknown as z.ZodType<Key>;

const task = {
  task: z.string().describe("The task: prompt[loss=tvp,seed=0]."),
  stage: z.string().describe("Name of its stage in the pipeline file."),
};

const milliseconds = z.number().nonnegative();

const count = z.int().nonnegative();

const location = z.strictObject({
  path: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  offset: count.describe("From 0, in UTF-16 units."),
  length: count,
});

const diagnostic = schemaOf<Diagnostic>()(z.strictObject({
  code: z.string().describe("Kebab-case, stable across releases."),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
  location: location.optional(),
  notes: z.array(z.string()).optional().describe("What is allowed, and what to do next."),
}));

const failure = schemaOf<JobFailure>()(z.strictObject({
  ok: z.literal(false),
  durationMs: milliseconds,
  reason: z.enum(["error", "crash", "timeout", "cancelled"]).describe(
    "error: the stage threw; crash: its process died; cancelled: its state, if any, is saved.",
  ),
  began: z.literal(false).optional().describe("Present where it was cancelled before it began."),
  saved: z.literal(true).optional()
    .describe("Present where it was cancelled and a state that it has saved is kept."),
  message: z.string(),
  stack: z.string().optional(),
  diagnostics: z.array(diagnostic).optional(),
}));

const progress = schemaOf<Progress>()(z.strictObject({
  done: z.number(),
  total: z.number(),
  unit: z.string().describe("steps, images, …"),
  metrics: z.record(z.string(), z.number()).optional().describe("Such as { loss: 0.71 }."),
}));

const queue = schemaOf<QueueState>()(z.strictObject({
  id: z.string().describe("The cluster's name for the job: 123_4."),
  phase: z.enum(["waits", "runs"]),
  reason: z.string().optional().describe("Why it waits: Resources."),
  node: z.string().optional().describe("Where it runs."),
  advice: z.string().optional().describe("What to do if it would wait forever."),
}));

/** Fields of each event beside `type`, and what it says. */
const events = {
  "run-started": ["The run has a plan and begins; always the first.", {
    version: z.literal(eventVersion).describe("Increases when a field changes its meaning."),
    pipeline: z.string(),
    tasks: count,
    stages: z.record(z.string(), count).optional().describe("How many of them each stage has."),
    jobs: count.describe("The largest number of tasks at once."),
  }],
  "task-cached": ["The outputs were found in the store.", { ...task, key }],
  "task-waiting": ["Another run works on the same key; this one waits for it.", { ...task, key }],
  "task-started": ["The task runs.", {
    ...task,
    key,
    attempt: z.int().min(1).describe("Above 1 after a retry."),
  }],
  "task-resumed": ["The task goes on from a checkpoint.", task],
  "task-progress": ["How far the task is.", { ...task, progress }],
  "task-log": ["A line from the stage.", { ...task, line: z.string() }],
  "task-queue": ["What the queue of a cluster says of the task's job.", { ...task, queue }],
  "task-checkpoint": ["A checkpoint was saved.", { ...task, bytes: count }],
  "task-retrying": ["The task failed and will be tried again.", {
    ...task,
    failure,
    afterMs: milliseconds,
  }],
  "task-finished": ["The task has run and its outputs are stored.", {
    ...task,
    key,
    durationMs: milliseconds,
  }],
  "task-failed": ["The task failed for good, or was cancelled.", { ...task, failure }],
  "task-skipped": ["The task was not started.", {
    ...task,
    reason: z.enum(["needs", "ending"]).describe(
      "needs: a task it needs has no outputs; ending: no new tasks are started.",
    ),
  }],
  "warning": ["A warning that does not stop the run.", { diagnostic }],
  "run-finished": ["The run is over; always the last.", {
    outcome: z.enum(["done", "failed", "interrupted"]),
    cached: count,
    ran: count,
    failed: count,
    skipped: count,
    durationMs: milliseconds,
  }],
} satisfies {
  readonly [T in RunEvent["type"]]: readonly [string, Fields<Extract<RunEvent, { type: T }>>];
};

/** A schema for each field of an event: one that is missing does not compile. */
type Fields<E> = { readonly [F in Exclude<keyof E, "type">]: z.ZodType<E[F]> };

/** Schema of one line of `--json`. */
export const runEvent: z.ZodType<RunEvent> = z.discriminatedUnion(
  "type",
  Object.entries(events).map(([type, [description, fields]]) =>
    z.strictObject({ type: z.literal(type), ...fields }).describe(description)
  ) as unknown as [z.ZodObject, ...z.ZodObject[]],
) as unknown as z.ZodType<RunEvent>;

/** JSON Schema of one line of `--json`. */
export function eventJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(runEvent) as Record<string, unknown>;
  const description = "One line of what `tvp run FILE --json` prints.";
  return { $schema, title: `Event, version ${eventVersion}`, description, ...schema };
}
