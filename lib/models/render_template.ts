/**
 * Renders a chat template within limits of time and memory. It sees only the given input.
 *
 * @module
 */
import { TemplateError } from "./jinja/template_error.ts";
import { textLimitMs, TimeLimitError, withTimeLimit } from "./time_limit.ts";

export { TemplateError };

/** What a template may spend: real ones need some thousands of steps and characters. */
const budget = 5_000_000;

/** A template that is read and can be rendered. */
export type Render = (variables: Readonly<Record<string, unknown>>) => string;

/**
 * Reads a Jinja template as transformers does: blocks take the line break after them and the blanks
 * in front of them away, and values are Python's.
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
  const [{ parseTemplate }, { Interpreter }, { Scope }, { globals }, { fromJson }] = await Promise
    .all([
      import("./jinja/parse_template.ts"),
      import("./jinja/interpret.ts"),
      import("./jinja/scope.ts"),
      import("./jinja/globals.ts"),
      import("./jinja/values.ts"),
    ]);
  const body = guarded(() => parseTemplate(source));
  return (variables) =>
    guarded(() => {
      const scope = new Scope();
      for (const [name, value] of Object.entries({ ...own, ...globals, ...variables })) {
        scope.set(name, fromJson(value));
      }
      let spent = 0;
      const spend = (cost: number): void => {
        spent += cost;
        if (spent > budget) {
          throw new TemplateError("it takes too many steps, or too much text", true);
        }
      };
      return new Interpreter(spend).run(body, scope);
    });
}

const own = { tools: null, documents: null };

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

/** Mistakes of templates have words of their own; others are the language's. */
function wordsOf(error: unknown): string {
  return error instanceof RangeError
    ? "it is nested too deeply, or makes a text that is too long"
    : "it uses a value in a way that Jinja does not support";
}
