/** The objects that a pickle names. They are described and never made. @module */

/** The bytes are not a pickle of data; the message says what is wrong. */
export class PickleError extends SyntaxError {
  override readonly name = "PickleError";
}

/**
 * A class or function that a pickle names, or an object of it: what it was called with and filled
 * with, as plain data. The code itself is never there.
 */
export class PickleObject {
  /** Entries, where it is a kind of dictionary. */
  readonly items: Map<unknown, unknown> = new Map();
  /** Elements, where it is a kind of list or set. */
  readonly elements: unknown[] = [];
  /** Attributes, in most cases a dictionary. */
  state: unknown;

  /**
   * @param name `numpy.dtype`
   * @param args What it was called with; none for the class or function itself.
   */
  constructor(readonly name: string, readonly args: readonly unknown[] = []) {}
}

/** Modules, and functions of Python itself, that a pickle names for one reason only: to run something. */
const running = new RegExp(
  "^(?:os|posix|nt|sys|subprocess|pty|shutil|socket|importlib|runpy|ctypes|webbrowser|commands" +
    "|code|codeop|timeit|pdb|bdb|cProfile|profile)\\." +
    "|^(?:builtins|__builtin__)\\.(?:eval|exec|execfile|compile|open|__import__|getattr|setattr" +
    "|delattr|apply|globals|locals|vars|input|breakpoint)$",
);

/**
 * The replacement for a name without any other: plain data. No code is run either way; that a
 * file wants to run some is reported, as nobody should open it anywhere else.
 *
 * @throws {PickleError} If the name has no other use than to run something.
 */
export function nameInPickle(module: string, name: string): PickleObject {
  const full = `${module}.${name}`;
  if (!running.test(full)) return new PickleObject(full);
  throw new PickleError(
    `Cannot read pickle: it asks to run "${full}"; nothing was run, but do not trust this file`,
  );
}

/** Dictionaries that Python 2 fills from a list of pairs. */
const dictionaries = new Set([
  "collections.OrderedDict",
  "collections.defaultdict",
  "collections.Counter",
]);

/**
 * What is in a dictionary, a list or an object, by key, name or index. What objects share is gone
 * through once, however many there are.
 *
 * @param seen Dictionaries and lists that were gone through.
 */
export function* entriesOf(
  value: unknown,
  seen: Set<unknown>,
): Iterable<readonly [unknown, unknown]> {
  for (const part of partsOf(value)) {
    if (!(part instanceof Map || Array.isArray(part)) || seen.has(part)) continue;
    seen.add(part);
    yield* part.entries();
  }
  if (!(value instanceof PickleObject) || !dictionaries.has(value.name)) return;
  const pairs = value.args.at(-1);
  if (!Array.isArray(pairs) || seen.has(pairs)) return;
  seen.add(pairs);
  for (const pair of pairs) {
    if (Array.isArray(pair) && pair.length === 2) yield pair as [unknown, unknown];
  }
}

function partsOf(value: unknown): unknown[] {
  if (!(value instanceof PickleObject)) return [value];
  const { items, elements, state } = value;
  // Attributes, or attributes and what lies in slots.
  return [items, elements, ...(Array.isArray(state) ? state.slice(0, 2) : [state])];
}
