/** Damages valid inputs: their bytes, their JSON, their text. @module */
import type { Random } from "../../../lib/tensor/random.ts";

/** Numbers at which sizes, counts and signs go wrong. */
const edges = [0, 1, 2, 3, 7, 8, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32]
  .concat([2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 62, -1, -2, -128, -(2 ** 31), -(2 ** 53)])
  .concat([0.5, 2.5, 1e21, 1e308]);

const odd: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    "",
    [],
    {},
    "__proto__",
    "constructor",
    "nan",
    "\u0000",
    "\ud800",
    "\u202e",
  ],
  ...["../../x", "/etc/x", "a/../../b", "x".repeat(4096), [[[[[[]]]]]], [null], [-1], [2 ** 40]],
  ...[{ __proto__: null, length: -1 }, { toString: 1 }, Array.from({ length: 300 }, () => 1)],
];

/** One of a list. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

/** A number at an edge. */
export function edge(random: Random): number {
  return pick(random, edges);
}

type ByteChange = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where a change begins and how long it is. */
function span(bytes: Uint8Array, random: Random, most: number): readonly [number, number] {
  const start = random.integer(bytes.length + 1);
  return [start, start + random.integer(Math.min(most, bytes.length - start) + 1)];
}

const byteChanges: readonly ByteChange[] = [
  function flipBit(bytes, random) {
    const copy = bytes.slice();
    if (copy.length > 0) copy[random.integer(copy.length)]! ^= 1 << random.integer(8);
    return copy;
  },
  function setByte(bytes, random) {
    const copy = bytes.slice();
    const values = [0, 1, 0x7f, 0x80, 0xff, ...new TextEncoder().encode('"{[(.:,0 \n')];
    if (copy.length > 0) copy[random.integer(copy.length)] = pick(random, values);
    return copy;
  },
  function cut(bytes, random) {
    return bytes.slice(0, random.integer(bytes.length + 1));
  },
  function leaveOut(bytes, random) {
    const [start, end] = span(bytes, random, 64);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  function repeat(bytes, random) {
    const [start, end] = span(bytes, random, 64);
    const copies = Array.from({ length: 1 + random.integer(4) }, () => bytes.subarray(start, end));
    return joined(bytes.subarray(0, end), ...copies, bytes.subarray(end));
  },
  function insert(bytes, random) {
    const at = random.integer(bytes.length + 1);
    const noise = Uint8Array.from({ length: 1 + random.integer(16) }, () => random.integer(256));
    return joined(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  function splice(bytes, random, others) {
    if (others.length === 0) return bytes;
    const other = pick(random, others);
    const [start, end] = span(other, random, 256);
    const at = random.integer(bytes.length + 1);
    return joined(bytes.subarray(0, at), other.subarray(start, end), bytes.subarray(at));
  },
  function setNumber(bytes, random) {
    const width = pick(random, [1, 2, 4, 8]);
    if (bytes.length < width) return bytes;
    const copy = bytes.slice();
    const at = random.integer(copy.length - width + 1);
    const value = pick(random, [edge(random), copy.length, copy.length - 1, copy.length + 1]);
    const bits = BigInt.asUintN(8 * width, BigInt(Math.trunc(Math.min(value, 2 ** 62))));
    for (let i = 0; i < width; i++) copy[at + i] = Number(bits >> BigInt(8 * i) & 0xffn);
    return copy;
  },
  function lengthen(bytes, random) {
    // Ones in the high bits make the numbers of protocol buffers longer.
    const copy = bytes.slice();
    const [start, end] = span(copy, random, 10);
    return copy.fill(0xff, start, end);
  },
  function setDigit(bytes, random) {
    const places = [...bytes.subarray(0, 4096).entries()].filter(([, b]) => b >= 48 && b <= 57);
    const copy = bytes.slice();
    const digits = [...new TextEncoder().encode("09.-e")];
    if (places.length > 0) copy[pick(random, places)[0]] = pick(random, digits);
    return copy;
  },
];

/** Bytes with one to six changes; half of them have one. */
export function mutateBytes(
  bytes: Uint8Array,
  random: Random,
  others: readonly Uint8Array[] = [],
): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.integer(2) * random.integer(6); left > 0; left--) {
    changed = pick(random, byteChanges)(changed, random, others);
  }
  return changed;
}

type Holder = Record<string | number, unknown>;

/** Every place of a value that holds another. */
function placesOf(value: unknown): readonly (readonly [holder: Holder, key: string | number])[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [
    [holder, Array.isArray(holder) ? Number(key) : key] as const,
    ...placesOf(holder[key]),
  ]);
}

type JsonChange = (holder: Holder, key: string | number, random: Random) => void;

const jsonChanges: readonly JsonChange[] = [
  function replace(holder, key, random) {
    holder[key] = structuredClone(pick(random, odd));
  },
  function number(holder, key, random) {
    holder[key] = edge(random);
  },
  function remove(holder, key) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  function wrap(holder, key, random) {
    holder[key] = random.integer(2) === 0 ? [holder[key]] : { [key]: holder[key] };
  },
  function rename(holder, key, random) {
    if (Array.isArray(holder)) return void holder.push(holder[key]);
    const name = pick(random, ["__proto__", "constructor", "", "size", "../x", "x".repeat(300)]);
    // A plain assignment to __proto__ would make no key of it.
    const entry = { value: holder[key], enumerable: true, configurable: true, writable: true };
    Object.defineProperty(holder, name, entry);
  },
  function nudge(holder, key, random) {
    const value = holder[key];
    if (typeof value === "number") holder[key] = pick(random, [-value, value + 1, value / 3]);
    else if (typeof value === "string") {
      holder[key] = pick(random, [value + value, value.slice(1), `${value}\u0000`, `../${value}`]);
    } else if (Array.isArray(value)) holder[key] = [...value, ...value];
  },
];

/** A copy of JSON with one to three changes. */
export function mutateJson(value: unknown, random: Random): unknown {
  const copy = structuredClone(value);
  for (let left = 1 + random.integer(3); left > 0; left--) {
    const places = placesOf(copy);
    if (places.length === 0) return pick(random, odd);
    const [holder, key] = pick(random, places);
    pick(random, jsonChanges)(holder, key, random);
  }
  return copy;
}

/** JSON text of a mutated value; `null` for what has none. */
export function mutateJsonText(value: unknown, random: Random): string {
  return JSON.stringify(mutateJson(value, random)) ?? "null";
}

/** Pieces of texts that parsers treat in a way of their own. */
const pieces = ["\u0000", "\ufeff", "\ud83d", "{", "[", "}", "]", ":", "- ", "#", "&a ", "*a", "\t"]
  .concat(["\r", "\u2028", "${{ vars.x }}", "${{", "}}", "${{ stages.x.y }}", "${{ matrix.* }}"])
  .concat(["null", "~", "<<", "!!binary aa==", ".inf", "0o17", "1e999", "'", '"', "|", "? ", "\n"])
  .concat([
    "{{",
    "{% for x in range(99999999) %}",
    "{% endfor %}",
    "[".repeat(60),
    "({".repeat(60),
  ]);

type TextChange = (text: string, random: Random) => string;

/** Replaces one match of a pattern. */
function swap(text: string, random: Random, [pattern, by]: readonly [RegExp, string]): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: old, index } = pick(random, found);
  return text.slice(0, index) + by + text.slice(index + old.length);
}

const textChanges: readonly TextChange[] = [
  (text, random) => swap(text, random, [/-?\d+(\.\d+)?/g, String(edge(random))]),
  (text, random) => swap(text, random, [/\w+/g, pick(random, pieces)]),
  (text, random) => swap(text, random, [/\w+/g, pick(random, text.match(/\w+/g) ?? [""])]),
  (text, random) => {
    const at = random.integer(text.length + 1);
    return text.slice(0, at) + pick(random, pieces) + text.slice(at);
  },
  (text, random) => {
    const lines = text.split("\n");
    lines.splice(random.integer(lines.length), random.integer(2), pick(random, lines));
    return lines.join("\n");
  },
  (text, random) => {
    const lines = text.split("\n");
    lines.splice(random.integer(lines.length), 1);
    return lines.join("\n");
  },
];

/** A text with one to four changes. */
export function mutateText(text: string, random: Random): string {
  let changed = text;
  for (let left = 1 + random.integer(4); left > 0; left--) {
    changed = pick(random, textChanges)(changed, random);
  }
  return changed;
}
