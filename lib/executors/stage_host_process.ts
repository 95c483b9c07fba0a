/**
 * The process of a stage host: loads the module it is asked about, and says what its stage type takes
 * and gives. It ends with its input.
 *
 * @module
 */
import { checkParameters } from "../pipeline/plan/check_stage.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import type { DocumentPath } from "../pipeline/read/problem.ts";
import { readValue, type ToldTask, ValueWriter } from "../pipeline/plan/stage_exchange.ts";
import { factsOf } from "../pipeline/plan/stage_facts.ts";
import { loadHere, StageMistake } from "../pipeline/plan/stage_lookup.ts";
import type { Stage } from "../pipeline/contract/stage.ts";
import { watchMemory } from "./memory_watch.ts";
import { RECORD, splitLine } from "./message.ts";
import { readLines } from "../trust/read_lines.ts";

/** What a host is asked. */
export type HostQuestion =
  | { readonly type: "describe"; readonly module: string }
  | {
    readonly type: "check";
    readonly module: string;
    readonly items: readonly { readonly written: unknown; readonly base: DocumentPath }[];
    readonly tasks: readonly ToldTask[];
  };

/** What it answers. */
export interface HostAnswer {
  readonly value?: unknown;
  readonly mistake?: NameMistake;
  /** Whether nothing more is to be asked: the process is ended. */
  readonly isLast?: boolean;
}

async function answer(question: HostQuestion): Promise<HostAnswer> {
  try {
    const { stage } = await loadHere(new URL(question.module));
    if (question.type === "describe") return { value: factsOf(stage) };
    const tasks = question.tasks.map((task, index) => ({ ...task, index, cell: {}, label: "" }));
    return { value: question.items.map((item) => checked(stage, item, tasks)) };
  } catch (error) {
    if (error instanceof StageMistake) return { mistake: withoutPermissions(error.mistake) };
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { mistake: { cause: `its parameters cannot be checked: ${name}: ${message}` } };
  }
}

type Item = (HostQuestion & { readonly type: "check" })["items"][number];
type Tasks = Parameters<typeof readValue>[1];

function checked(stage: Stage, { written, base }: Item, tasks: Tasks): unknown {
  const writer = new ValueWriter(tasks);
  const result = checkParameters(stage, { written: readValue(written, tasks), base });
  const problems = result.problems.map(({ value, ...problem }) =>
    typeof value === "string" ? { ...problem, value } : problem
  );
  return { parameters: writer.write(result.parameters), outputs: result.outputs, problems };
}

/** Looking gives a module no permissions: one that wants some has to be trusted first. */
function withoutPermissions(mistake: NameMistake): NameMistake {
  if (!/NotCapable|Requires \w+ access|--allow-|--no-remote|--cached-only/.test(mistake.cause)) {
    return mistake;
  }
  const isTrusted = Deno.permissions.querySync({ name: "read" }).state === "granted";
  const note = isTrusted
    ? "While it is loaded, a module may only read; do all else in run(), with declared permissions"
    : "Code that is not trusted is loaded without permissions; " +
      "if you trust it, say so: tvp trust FILE";
  return { cause: mistake.cause, notes: [...(mistake.notes ?? []), note] };
}

/** An answer as the asking process reads it. */
function lineOf(answer: HostAnswer): string {
  return `\n${RECORD}${JSON.stringify(answer)}\n`;
}

/** All memory that a module may take: its objects, its buffers, and what Deno itself needs. */
const mostMiB = 768;

if (import.meta.main) {
  const encoder = new TextEncoder();
  const cause = `it needs more than ${mostMiB} MiB of memory while it is loaded`;
  const watch = watchMemory(mostMiB * 2 ** 20, lineOf({ mistake: { cause }, isLast: true }));
  for await (const line of readLines(Deno.stdin.readable, { messageStart: RECORD })) {
    const { message } = splitLine(line);
    if (message === undefined) continue;
    const bytes = encoder.encode(lineOf(await answer(JSON.parse(message))));
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
  watch.terminate();
}
