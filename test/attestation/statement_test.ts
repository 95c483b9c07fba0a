import { assertEquals, assertThrows } from "@std/assert";
import { makeStatement, readStatement, type Statement } from "../../lib/attestation/statement.ts";
import type { Digest, KeyPreimage } from "../../lib/pipeline/contract/key.ts";
import { keyOf } from "../../lib/pipeline/plan/resolve.ts";

const digest = (letter: string) => letter.repeat(64) as Digest;

function taskOf(task: string, parameters: KeyPreimage["parameters"] = {}) {
  const preimage: KeyPreimage = {
    format: 1,
    stage: "noop",
    code: digest("c"),
    parameters,
    environment: {},
  };
  const outputs = { value: { type: "json" as const, digest: digest("a") } };
  return { task, key: keyOf(preimage), preimage, outputs, host: { versions: {} } };
}

const statement = makeStatement({ name: "report.json", digest: digest("a") }, {
  pipeline: { name: "p", file: "p.yaml", set: [] },
  run: { id: "1", startedAt: 0 },
  report: { task: "last", output: "value" },
  versions: { deno: "2.9.6" },
  sources: [{ kind: "model", name: "zoo/x", digest: digest("b") }],
  tasks: [taskOf("first", { i: 1 }), taskOf("last")],
});

const read = (value: unknown) => readStatement(new TextEncoder().encode(JSON.stringify(value)));

Deno.test("readStatement() reads what makeStatement() makes", () => {
  assertEquals(read(statement), statement);
});

type Predicate = Statement["predicate"];

const withPredicate = (change: Partial<Record<keyof Predicate, unknown>>) => ({
  ...statement,
  predicate: { ...statement.predicate, ...change },
});

/** Arrays in arrays, as deep as text can say it and no stack can follow. */
function deep(): string {
  const levels = 200_000;
  const text = JSON.stringify(withPredicate({ tasks: [taskOf("last", "HERE")] }));
  return text.replace('"HERE"', `${"[".repeat(levels)}${"]".repeat(levels)}`);
}

const WRONG: readonly [string, unknown, string][] = [
  ["nothing", null, "it must be a map, but is null"],
  [
    "another predicate",
    { ...statement, predicateType: "https://slsa.dev/provenance/v1" },
    'predicateType: Invalid input: expected "urn:tvp:report:1"',
  ],
  [
    "two subjects",
    { ...statement, subject: [...statement.subject, ...statement.subject] },
    "subject: Too big: expected array to have exactly 1 items",
  ],
  [
    "another subject",
    { ...statement, subject: [{ name: "x", digest: { sha256: digest("f") } }] },
    "subject: it is not what last made",
  ],
  [
    "a report of no task",
    withPredicate({ report: { task: "none", output: "value" } }),
    "subject: it is not what none made",
  ],
  [
    "no tasks",
    withPredicate({ tasks: [] }),
    "predicate.tasks: Too small: expected array to have >=1 items",
  ],
  [
    "a task twice",
    withPredicate({ tasks: [taskOf("last"), taskOf("last")] }),
    "predicate.tasks: it has a task twice",
  ],
  [
    "another's key",
    withPredicate({ tasks: [{ ...taskOf("last"), key: taskOf("first", 1).key }] }),
    "predicate.tasks: the key of last is another one's",
  ],
  [
    "a digest that is a path",
    withPredicate({ sources: [{ kind: "model", name: "x", digest: "../../x" }] }),
    "predicate.sources[0].digest: a digest in hex",
  ],
];

Deno.test("readStatement() says what is not a statement, or contradicts itself", () => {
  for (const [what, value, message] of WRONG) {
    assertEquals([what, assertThrows(() => read(value), SyntaxError).message], [what, message]);
  }
});

Deno.test("readStatement() refuses parameters that are nested without end", () => {
  const bytes = new TextEncoder().encode(deep());
  const { message } = assertThrows(() => readStatement(bytes), SyntaxError);
  assertEquals(message, "it is nested deeper than 512 levels");
});

Deno.test("readStatement() refuses numbers that are not numbers of JSON", () => {
  const text = JSON.stringify(withPredicate({ tasks: [taskOf("last", "HERE")] }));
  const bytes = new TextEncoder().encode(text.replace('"HERE"', "1e999"));
  const error = assertThrows(() => readStatement(bytes), SyntaxError);
  assertEquals(error.message, "predicate.tasks: the key of last is another one's");
});
