/** Python's literals as NumPy writes them in headers: dictionaries, tuples, lists, texts, numbers. @module */

/** A tuple, which is not a list: NumPy distinguishes shapes from lists of fields by it. */
export class PythonTuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** Deepest nesting: a structure of structures has a few levels. */
const MAX_DEPTH = 32;

const spaces = /\s*/y;
/** Texts, whose escapes stay as written, whole numbers (`3L` is Python 2's), truth values. */
const scalar =
  /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?(?:0|[1-9]\d*))L?(?![\w.])|(True|False|None)(?!\w)/y;

const closers: Readonly<Record<string, string>> = { "{": "}", "(": ")", "[": "]" };

/**
 * Reads one literal: dictionaries become maps, tuples {@linkcode PythonTuple}s, lists arrays.
 *
 * @returns `undefined` if the text is not a literal, or has more than one.
 */
export function parsePythonLiteral(text: string): unknown {
  const reader = { text, at: 0 };
  try {
    const value = read(reader, 0);
    skip(reader);
    return reader.at === text.length ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

function skip(reader: Reader): void {
  spaces.lastIndex = reader.at;
  reader.at += spaces.exec(reader.text)![0].length;
}

/** Whether a sign comes next; it is taken. */
function take(reader: Reader, sign: string): boolean {
  skip(reader);
  if (reader.text[reader.at] !== sign) return false;
  reader.at++;
  return true;
}

function read(reader: Reader, depth: number): unknown {
  skip(reader);
  const closer = closers[reader.text[reader.at] ?? ""];
  if (closer === undefined || depth > MAX_DEPTH) return readScalar(reader);
  reader.at++;
  return closer === "}" ? readMap(reader, depth + 1) : readList(reader, closer, depth + 1);
}

function readScalar(reader: Reader): unknown {
  scalar.lastIndex = reader.at;
  const found = scalar.exec(reader.text);
  if (found === null) throw new SyntaxError(`no literal at ${reader.at}`);
  reader.at += found[0].length;
  const [, single, double, digits, word] = found;
  if (digits !== undefined) return Number(digits);
  return word === undefined ? single ?? double : word === "None" ? null : word === "True";
}

function readMap(reader: Reader, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  while (!take(reader, "}")) {
    const key = read(reader, depth);
    if (map.has(key) || !take(reader, ":")) throw new SyntaxError(`no entry at ${reader.at}`);
    map.set(key, read(reader, depth));
    if (!take(reader, ",") && reader.text[reader.at] !== "}") throw new SyntaxError("no end");
  }
  return map;
}

/** `(3)` is a number in brackets, `(3,)` a tuple. */
function readList(reader: Reader, closer: string, depth: number): unknown {
  const items: unknown[] = [];
  let commas = 0;
  while (!take(reader, closer)) {
    items.push(read(reader, depth));
    if (take(reader, ",")) commas++;
    else if (reader.text[reader.at] !== closer) throw new SyntaxError(`no end at ${reader.at}`);
  }
  if (closer === "]") return items;
  return items.length === 1 && commas === 0 ? items[0] : new PythonTuple(items);
}
