/**
 * The statement that is signed with a report, in the form of in-toto
 * (https://in-toto.io/Statement/v1).
 *
 * @module
 */
import { z } from "zod";
import { schemaOf } from "../diagnostic/schema_of.ts";
import { plainIssueText } from "../diagnostic/schema_issue.ts";
import type { HostFacts } from "../pipeline/contract/job.ts";
import type { Digest, Json, Key, KeyPreimage } from "../pipeline/contract/key.ts";
import { keyOf } from "../pipeline/plan/resolve.ts";
import { artifactTypes } from "../pipeline/contract/stage.ts";
import { parseJson } from "./envelope.ts";

/** Which predicate it is, and of which version. */
const predicateType = "urn:tvp:report:1";

const text = z.string().max(4096);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: "a sha256 in hex" });

const digest = sha256 as unknown as z.ZodType<Digest>;

const output = z.object({
  type: z.enum(artifactTypes),
  digest,
  /** Mean of scores, by which they are compared if their bytes may differ. */
  mean: z.number().optional(),
});

const task = z.object({
  task: text,
  key: sha256 as unknown as z.ZodType<Key>,
  preimage: schemaOf<KeyPreimage>()(z.looseObject({
    format: z.literal(1),
    stage: text,
    code: digest,
    parameters: z.unknown() as z.ZodType<Json>,
    environment: z.record(text, text),
    provider: text.optional(),
  })),
  outputs: z.record(text, output),
  host: schemaOf<HostFacts>()(z.object({
    provider: text.optional(),
    versions: z.record(text, text),
    plan: text.optional(),
  })),
});

/** A name and the digest of what it named; for a model of a hub, its commit. */
const source = z.object({
  kind: z.enum(["model", "dataset", "file", "artifact", "code"]),
  name: text,
  digest: z.string().regex(/^[0-9a-f]{40,64}$/, { error: "a digest in hex" }),
});

const statementSchema = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z.array(z.object({ name: text, digest: z.object({ sha256: digest }) })).length(1),
  predicateType: z.literal(predicateType),
  predicate: z.object({
    pipeline: z.object({
      name: text,
      /** From the folder it was run in. */
      file: text,
      /** Values that were changed: `--set`. */
      set: z.array(text).max(1000),
    }),
    run: z.object({ id: text, startedAt: z.number() }),
    /** The output that the subject is. */
    report: z.object({ task: text, output: text }),
    versions: z.record(text, text),
    sources: z.array(source),
    tasks: z.array(task).min(1),
  }),
});

/** A report, and everything that it was made of. */
export type Statement = z.infer<typeof statementSchema>;

/** What is claimed of a report. */
export type ReportClaim = Statement["predicate"];

/** What is claimed of a task. */
export type SignedTask = ReportClaim["tasks"][number];

/** A model, a data set, a file or code by its name, as the pipeline file has it. */
export type SignedSource = ReportClaim["sources"][number];

/** A statement on a file. */
export function makeStatement(
  subject: { readonly name: string; readonly digest: Digest },
  predicate: ReportClaim,
): Statement {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: subject.name, digest: { sha256: subject.digest } }],
    predicateType,
    predicate,
  };
}

/**
 * Reads the payload of an envelope whose signature is good.
 *
 * @throws {SyntaxError} with the first thing that is wrong.
 */
export function readStatement(payload: Uint8Array): Statement {
  const value = parseJson(new TextDecoder().decode(payload));
  const result = statementSchema.safeParse(value);
  if (!result.success) {
    throw new SyntaxError(plainIssueText(result.error.issues, value));
  }
  const wrong = contradiction(result.data);
  if (wrong !== undefined) throw new SyntaxError(wrong);
  return result.data;
}

/** What of a statement cannot be true together. */
function contradiction({ subject, predicate }: Statement): string | undefined {
  const { tasks, report } = predicate;
  const named = new Map(tasks.map((task) => [task.task, task]));
  if (named.size < tasks.length) return "predicate.tasks: it has a task twice";
  const wrong = tasks.find(({ key, preimage }) => !isKeyOf(key, preimage));
  if (wrong !== undefined) return `predicate.tasks: the key of ${wrong.task} is another one's`;
  const made = named.get(report.task)?.outputs[report.output];
  if (made?.digest === subject[0]!.digest.sha256) return undefined;
  return `subject: it is not what ${report.task} made`;
}

function isKeyOf(key: Key, preimage: KeyPreimage): boolean {
  try {
    return keyOf(preimage) === key;
  } catch (error) {
    // Parameters that are nested without end, or numbers as large as no JSON has them.
    if (error instanceof RangeError || error instanceof TypeError) return false;
    throw error;
  }
}
