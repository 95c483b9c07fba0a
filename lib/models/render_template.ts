/**
 * Renders a chat template within limits of time and memory. It sees only the given input.
 *
 * @module
 */
import { strftimeNow } from "./strftime.ts";
import { textLimitMs, TimeLimitError, withTimeLimit } from "./time_limit.ts";

/** Items of a range, as in the sandbox in which Python renders templates. */
const maxItems = 100_000;
/** What a template may spend: a step and an item of a list cost 20, a character costs 1. */
const budget = 5_000_000;
const stepCost = 20;

/** A template that cannot be read or rendered; the message is in the template's or user's words. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** Whether it went on for too long, so that trying again in another way makes no sense. */
  readonly endless: boolean;

  constructor(message: string, endless = false) {
    super(message);
    this.endless = endless;
  }
}

/** A template that is read and can be rendered. */
export type Render = (variables: Readonly<Record<string, unknown>>) => string;

/**
 * Reads a Jinja template as transformers does: blocks take the line break after them and the blanks
 * in front of them away.
 *
 * The day that `strftime_now` writes is always the same, and nothing else in the environment changes
 * either, so that equal variables give equal texts.
 *
 * @throws {TemplateError} If it does not parse.
 *
 * @example
 * ```ts
 * const render = await readTemplate("{{ messages[0].content }}");
 * render({ messages: [{ role: "user", content: "Hello" }] }); // "Hello"
 * ```
 */
export async function readTemplate(source: string): Promise<Render> {
  const jinja = await import("@huggingface/jinja");
  const program = guarded(() =>
    jinja.parse(jinja.tokenize(source, { lstrip_blocks: true, trim_blocks: true }))
  );
  return (variables) =>
    guarded(() => {
      const environment = new jinja.Environment();
      for (const [name, value] of Object.entries({ ...globals, ...variables })) {
        environment.set(name, value);
      }
      const result = limited(new jinja.Interpreter(environment)).run(program);
      return String(result.value);
    });
}

const globals = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  tools: null,
  documents: null,
  range,
  strftime_now: strftimeNow,
  raise_exception(message: unknown): never {
    throw new TemplateError(String(message));
  },
};

/** Python's `range`. */
function range(start: number, stop?: number | null, step?: number | null): number[] {
  const [from, to] = stop == null ? [0, start] : [start, stop];
  const by = step ?? 1;
  if (![from, to, by].every(Number.isInteger) || by === 0) {
    throw new TemplateError("range() takes whole numbers, and a step other than 0");
  }
  const length = Math.max(0, Math.ceil((to - from) / by));
  if (length > maxItems) {
    throw new TemplateError(`range() of ${length} items, at most ${maxItems} are supported`, true);
  }
  return Array.from({ length }, (_, i) => from + i * by);
}

type Interpreter = import("@huggingface/jinja").Interpreter;

/** Counts what an interpreter spends: real templates need some thousands of steps and characters. */
function limited(interpreter: Interpreter): Interpreter {
  const evaluate = interpreter.evaluate.bind(interpreter);
  let spent = 0;
  interpreter.evaluate = (...step) => {
    const result = evaluate(...step);
    spent += stepCost + costOf(result.value);
    if (spent > budget) throw new TemplateError("it takes too many steps, or too much text", true);
    return result;
  };
  return interpreter;
}

function costOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return Array.isArray(value) ? stepCost * value.length : 0;
}

function guarded<T>(work: () => T): T {
  try {
    return withTimeLimit(work, textLimitMs);
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    if (error instanceof TimeLimitError) {
      throw new TemplateError(`it takes more than ${textLimitMs / 1000} s`, true);
    }
    throw new TemplateError(wordsOf(error));
  }
}

/** Errors of the template library are plain, or about syntax; others are the language's. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.constructor === Error || error instanceof SyntaxError) return error.message;
  return error instanceof RangeError
    ? "it is nested too deeply, or makes a text that is too long"
    : "it uses a value in a way that Jinja does not support";
}
