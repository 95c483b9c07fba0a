/**
 * Reads Python's pickle format (protocols 0 to 5) as data. It imports, calls and builds only what
 * its caller allows by name.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { PickleError, PickleObject } from "./pickle_object.ts";

/** Stands for what a pickle may call: gets the arguments, gives the value. */
export type PickleCall = (args: readonly unknown[]) => unknown;

/** What a pickle may refer to. */
export interface PickleHost {
  /**
   * The replacement for a name of a module: a {@linkcode PickleCall}, a value, or a
   * {@linkcode PickleObject} for what is kept as plain data.
   */
  find(module: string, name: string): unknown;
  /** Loads what lies beside the pickle. */
  persistent(id: unknown): unknown;
}

/** A pickle that was read, and where its bytes end. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/** Most operations of a pickle: each makes at most one object. A large checkpoint has some 10 000. */
const MAX_OPERATIONS = 1_000_000;

/** Most bytes of a whole number, which takes the square of them in time. */
const MAX_INTEGER_BYTES = 1024;

/** Most bytes of all lines of a pickle: texts with escapes, which take time to unpack. */
const MAX_LINE_BYTES = 2 ** 24;

/** The stack machine of the format (PEP 307, 3154, 574). */
interface Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly host: PickleHost;
  readonly memo: Map<number, unknown>;
  at: number;
  /** Bytes of the lines read so far. */
  lineBytes: number;
  stack: unknown[];
  /** Stacks that were put aside at a mark. */
  readonly marks: unknown[][];
}

type Operation = (machine: Machine) => void;

const failure = (cause: string) => new PickleError(`Cannot read pickle: ${cause}`);

const utf8 = new TextDecoder();
/** Characters 0 to 255 for the bytes: the web's decoder of this name is that of Windows. */
const latin1 = {
  decode: ({ buffer, byteOffset, length }: Uint8Array) =>
    Buffer.from(buffer, byteOffset, length).toString("latin1"),
};

function take(machine: Machine, length: number): Uint8Array {
  const { bytes, at } = machine;
  if (at + length > bytes.length) {
    throw failure(`${length} bytes are needed at byte ${at}, there are ${bytes.length - at}`);
  }
  machine.at += length;
  return bytes.subarray(at, at + length);
}

function unsigned(machine: Machine, size: 1 | 2 | 4 | 8): number {
  const bytes = take(machine, size);
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = 256 * value + bytes[i]!;
  return value;
}

function line(machine: Machine, encoding: { decode(bytes: Uint8Array): string } = utf8): string {
  const end = machine.bytes.indexOf(0x0a, machine.at);
  const length = (end < 0 ? machine.bytes.length : end) - machine.at + 1;
  const text = take(machine, length);
  machine.lineBytes += length;
  if (machine.lineBytes > MAX_LINE_BYTES) {
    throw failure(`its texts in lines have more than ${MAX_LINE_BYTES} bytes`);
  }
  return encoding.decode(text.subarray(0, -1));
}

/** A whole number; a bigint where a number would lose digits. */
function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A little-endian integer of two's complement. */
function long(machine: Machine, length: number): number | bigint {
  if (length > MAX_INTEGER_BYTES) throw failure(`a whole number in it has ${length} bytes`);
  const bytes = take(machine, length);
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return integer(BigInt.asIntN(8 * bytes.length, value));
}

/** `12`, `12L`, and `00` and `01`, which are False and True. */
function decimal(machine: Machine): unknown {
  const text = line(machine).replace(/L$/, "");
  if (text === "00" || text === "01") return text === "01";
  if (!/^-?\d+$/.test(text) || text.length > MAX_INTEGER_BYTES) {
    throw failure(`"${text.slice(0, 20)}" before byte ${machine.at} is not a whole number`);
  }
  return integer(BigInt(text));
}

/** Replaces escapes. `String.replace` would keep all of them at once, a hundred times the text. */
function unescaped(
  text: string,
  { escape, read }: {
    readonly escape: RegExp;
    readonly read: (groups: readonly (string | undefined)[]) => string;
  },
): string {
  let done = "";
  let parts: string[] = [];
  let at = 0;
  for (const { 0: found, 1: first, 2: second, index } of text.matchAll(escape)) {
    parts.push(text.slice(at, index), read([first, second]));
    at = index + found.length;
    if (parts.length < 10_000) continue;
    done += parts.join("");
    parts = [];
  }
  return done + parts.join("") + text.slice(at);
}

const signs: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** A text as Python 2 shows it, between quotes. */
function quoted(machine: Machine): string {
  return unescaped(line(machine, latin1).slice(1, -1), {
    escape: /\\(?:x([0-9a-fA-F]{2})|(.))/g,
    read: ([hex, sign = ""]) => hex ? String.fromCharCode(parseInt(hex, 16)) : signs[sign] ?? sign,
  });
}

function unicode(machine: Machine): string {
  return unescaped(line(machine, latin1), {
    escape: /\\(?:u([0-9a-fA-F]{4})|U(0[0-9a-fA-F]{7}))/g,
    read: ([short, wide]) => {
      const code = parseInt((short ?? wide)!, 16);
      return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
    },
  });
}

function pop(machine: Machine): unknown {
  if (machine.stack.length === 0) throw failure(`the stack is empty before byte ${machine.at}`);
  return machine.stack.pop();
}

/** Everything since the last mark. */
function popMark(machine: Machine): unknown[] {
  const items = machine.stack;
  const below = machine.marks.pop();
  if (below === undefined) throw failure(`there is no mark before byte ${machine.at}`);
  machine.stack = below;
  return items;
}

function recall(machine: Machine, index: number): void {
  if (!machine.memo.has(index)) {
    const what = Number.isNaN(index) ? "a value without a number" : `value ${index}`;
    throw failure(`${what} is used before it is defined`);
  }
  machine.stack.push(machine.memo.get(index));
}

function store(machine: Machine, index: number): void {
  machine.memo.set(index, machine.stack.at(-1));
}

function find(machine: Machine, module: unknown, name: unknown): unknown {
  if (typeof module === "string" && typeof name === "string") {
    return machine.host.find(module, name);
  }
  throw failure(`the object before byte ${machine.at} has no name`);
}

/** What a call gives: the caller's own, or the object with its arguments. */
function call(machine: Machine, callee: unknown, args: unknown): unknown {
  if (Array.isArray(args)) {
    if (typeof callee === "function") return (callee as PickleCall)(args);
    if (callee instanceof PickleObject) return new PickleObject(callee.name, args);
  }
  throw failure(`the object before byte ${machine.at} cannot be called`);
}

function setItems(machine: Machine, items: readonly unknown[]): void {
  const value = machine.stack.at(-1);
  const map = value instanceof PickleObject ? value.items : value;
  if (!(map instanceof Map)) throw failure(`expected a dictionary before byte ${machine.at}`);
  fill(map, items);
}

/** Keys and values in turn. */
function fill(map: Map<unknown, unknown>, items: readonly unknown[]): Map<unknown, unknown> {
  for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i], items[i + 1]);
  return map;
}

function append(machine: Machine, items: readonly unknown[]): void {
  const value = machine.stack.at(-1);
  const list = value instanceof PickleObject ? value.elements : value;
  if (!Array.isArray(list)) throw failure(`expected a list before byte ${machine.at}`);
  for (const item of items) list.push(item);
}

/** Attributes of an object; those of a dictionary, such as a state dict's `_metadata`, are left out. */
function build(machine: Machine): void {
  const state = pop(machine);
  const value = machine.stack.at(-1);
  if (value === undefined) throw failure(`there is no object before byte ${machine.at}`);
  if (value instanceof PickleObject) value.state = state;
}

const push = (read: (machine: Machine) => unknown): Operation => (machine) => {
  machine.stack.push(read(machine));
};
/** Operands from the top of the stack down. */
const using = (count: number, make: (machine: Machine, operands: unknown[]) => unknown) =>
  push((machine) => make(machine, Array.from({ length: count }, () => pop(machine))));
const text = (size: 1 | 4 | 8) =>
  push((machine) => utf8.decode(take(machine, unsigned(machine, size))));
/** Texts of Python 2, of which bytes are texts. */
const bytesText = (size: 1 | 4) =>
  push((machine) => latin1.decode(take(machine, unsigned(machine, size))));
const raw = (size: 1 | 4 | 8) => push((machine) => take(machine, unsigned(machine, size)));
/** Tuples, lists and sets are arrays. */
const tuple = (length: number) => using(length, (_, items) => items.reverse());
const emptyList = push(() => []);

function marked(make: (machine: Machine, items: unknown[]) => unknown): Operation {
  return (machine) => {
    const items = popMark(machine);
    machine.stack.push(make(machine, items));
  };
}

/** Opcodes by their byte, as Python's `pickletools` lists them. */
const operations: Readonly<Record<number, Operation>> = {
  0x80: (m) => void take(m, 1), // PROTO
  0x95: (m) => void take(m, 8), // FRAME
  0x28: (m) => void (m.marks.push(m.stack), m.stack = []), // MARK
  0x30: (m) => void (m.stack.length > 0 ? pop(m) : popMark(m)), // POP
  0x31: (m) => void popMark(m), // POP_MARK
  0x32: push((m) => m.stack.at(-1)), // DUP
  0x4e: push(() => null), // NONE
  0x88: push(() => true), // NEWTRUE
  0x89: push(() => false), // NEWFALSE
  0x49: push(decimal), // INT
  0x4a: push((m) => unsigned(m, 4) | 0), // BININT
  0x4b: push((m) => unsigned(m, 1)), // BININT1
  0x4d: push((m) => unsigned(m, 2)), // BININT2
  0x4c: push(decimal), // LONG
  0x8a: push((m) => long(m, unsigned(m, 1))), // LONG1
  0x8b: push((m) => long(m, unsigned(m, 4))), // LONG4
  0x46: push((m) => Number(line(m))), // FLOAT
  0x47: push((m) => (take(m, 8), m.view.getFloat64(m.at - 8))), // BINFLOAT, big endian
  0x56: push(unicode), // UNICODE
  0x58: text(4), // BINUNICODE
  0x8c: text(1), // SHORT_BINUNICODE
  0x8d: text(8), // BINUNICODE8
  0x53: push(quoted), // STRING
  0x54: bytesText(4), // BINSTRING
  0x55: bytesText(1), // SHORT_BINSTRING
  0x42: raw(4), // BINBYTES
  0x43: raw(1), // SHORT_BINBYTES
  0x8e: raw(8), // BINBYTES8
  0x96: raw(8), // BYTEARRAY8
  0x7d: push(() => new Map()), // EMPTY_DICT
  0x5d: emptyList, // EMPTY_LIST
  0x29: emptyList, // EMPTY_TUPLE
  0x8f: emptyList, // EMPTY_SET
  0x64: marked((_, items) => fill(new Map(), items)), // DICT
  0x6c: marked((_, items) => items), // LIST
  0x74: marked((_, items) => items), // TUPLE
  0x91: marked((_, items) => items), // FROZENSET
  0x85: tuple(1), // TUPLE1
  0x86: tuple(2), // TUPLE2
  0x87: tuple(3), // TUPLE3
  0x73: (m) => { // SETITEM
    const value = pop(m);
    setItems(m, [pop(m), value]);
  },
  0x75: (m) => setItems(m, popMark(m)), // SETITEMS
  0x61: (m) => append(m, [pop(m)]), // APPEND
  0x65: (m) => append(m, popMark(m)), // APPENDS
  0x90: (m) => append(m, popMark(m)), // ADDITEMS
  0x70: (m) => store(m, Number(line(m))), // PUT
  0x71: (m) => store(m, unsigned(m, 1)), // BINPUT
  0x72: (m) => store(m, unsigned(m, 4)), // LONG_BINPUT
  0x94: (m) => store(m, m.memo.size), // MEMOIZE
  0x67: (m) => recall(m, Number(line(m))), // GET
  0x68: (m) => recall(m, unsigned(m, 1)), // BINGET
  0x6a: (m) => recall(m, unsigned(m, 4)), // LONG_BINGET
  0x63: push((m) => find(m, line(m), line(m))), // GLOBAL
  0x93: using(2, (m, [name, module]) => find(m, module, name)), // STACK_GLOBAL
  0x52: using(2, (m, [args, callee]) => call(m, callee, args)), // REDUCE
  0x81: using(2, (m, [args, callee]) => call(m, callee, args)), // NEWOBJ
  0x92: using(3, (m, [, args, callee]) => call(m, callee, args)), // NEWOBJ_EX
  0x69: (m) => { // INST
    const callee = find(m, line(m), line(m));
    marked((machine, args) => call(machine, callee, args))(m);
  },
  0x6f: marked((m, [callee, ...args]) => call(m, callee, args)), // OBJ
  0x62: build, // BUILD
  0x50: push((m) => m.host.persistent(line(m))), // PERSID
  0x51: using(1, (m, [id]) => m.host.persistent(id)), // BINPERSID
};

const STOP = 0x2e;

/**
 * Reads one pickle. Dictionaries become maps; tuples, lists and sets arrays; objects that the host
 * does not make {@linkcode PickleObject}s.
 *
 * @param at Where it begins.
 * @throws {PickleError} If it is cut off, has more values than any checkpoint, or the host does not
 * allow what it names.
 */
export function readPickle(bytes: Uint8Array, host: PickleHost, at = 0): Unpickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine: Machine = {
    bytes,
    view,
    host,
    memo: new Map(),
    at,
    lineBytes: 0,
    stack: [],
    marks: [],
  };
  for (let count = 0; count < MAX_OPERATIONS; count++) {
    const code = unsigned(machine, 1);
    if (code === STOP) return { value: pop(machine), end: machine.at };
    const operation = operations[code];
    if (operation === undefined) {
      const hex = code.toString(16).padStart(2, "0");
      throw failure(`0x${hex} at byte ${machine.at - 1} is not an opcode of plain data`);
    }
    operation(machine);
  }
  throw failure(`it has more than ${MAX_OPERATIONS} values`);
}
