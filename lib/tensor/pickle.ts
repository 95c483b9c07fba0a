/**
 * Python's pickle format read as data: nothing is imported, called or built but what the reader's
 * caller allows by name.
 *
 * @module
 */

/** The bytes are no pickle of plain data; the message says which opcode or name is not allowed. */
export class PickleError extends SyntaxError {
  override readonly name = "PickleError";
}

/** Stands for what a pickle may call: gets the arguments, gives the value. */
export type PickleCall = (args: readonly unknown[]) => unknown;

/** What a pickle may refer to. */
export interface PickleHost {
  /** Allowed names, `module name`, and what stands for them: a {@linkcode PickleCall} or a value. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** Loads what lies beside the pickle. */
  persistent(id: unknown): unknown;
}

/** A pickle that was read, and where its bytes end. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/** The stack machine of the format (PEP 307, PEP 3154). */
interface Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly host: PickleHost;
  readonly memo: Map<number, unknown>;
  at: number;
  stack: unknown[];
  /** Stacks that were put aside at a mark. */
  readonly marks: unknown[][];
}

type Operation = (machine: Machine) => void;

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PickleError("Cannot read pickle: a text in it is not UTF-8", { cause });
  }
}

function take(machine: Machine, length: number): Uint8Array {
  const { bytes, at } = machine;
  if (at + length > bytes.length) {
    throw new PickleError(
      `Cannot read pickle: ${length} bytes are needed at byte ${at}, there are ${
        bytes.length - at
      }`,
    );
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

function line(machine: Machine): string {
  const end = machine.bytes.indexOf(0x0a, machine.at);
  const text = take(machine, (end < 0 ? machine.bytes.length : end) - machine.at + 1);
  return decodeText(text.subarray(0, -1));
}

/** A little-endian integer of two's complement; a bigint where a number would lose digits. */
function long(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function pop(machine: Machine): unknown {
  if (machine.stack.length === 0) {
    throw new PickleError(`Cannot read pickle: the stack is empty before byte ${machine.at}`);
  }
  return machine.stack.pop();
}

/** Everything since the last mark. */
function popMark(machine: Machine): unknown[] {
  const items = machine.stack;
  const below = machine.marks.pop();
  if (below === undefined) {
    throw new PickleError(`Cannot read pickle: there is no mark before byte ${machine.at}`);
  }
  machine.stack = below;
  return items;
}

function recall(machine: Machine, index: number): void {
  if (!machine.memo.has(index)) {
    throw new PickleError(`Cannot read pickle: value ${index} is used before it is there`);
  }
  machine.stack.push(machine.memo.get(index));
}

function lookUp({ host, stack }: Machine, name: string): void {
  if (!host.globals.has(name)) {
    throw new PickleError(
      `Cannot read pickle: it asks for "${name.replace(" ", ".")}", allowed are ${
        [...host.globals.keys()].map((key) => key.replace(" ", ".")).join(", ")
      }`,
    );
  }
  stack.push(host.globals.get(name));
}

function top<T>(machine: Machine, kind: "dictionary" | "list"): T {
  const value = machine.stack.at(-1);
  if (kind === "list" ? !Array.isArray(value) : !(value instanceof Map)) {
    throw new PickleError(`Cannot read pickle: a ${kind} is needed before byte ${machine.at}`);
  }
  return value as T;
}

function setItems(machine: Machine, items: readonly unknown[]): void {
  const map = top<Map<unknown, unknown>>(machine, "dictionary");
  for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i], items[i + 1]);
}

function tuple(machine: Machine, length: number): void {
  const items = Array.from({ length }, () => pop(machine));
  machine.stack.push(items.reverse());
}

function reduce(machine: Machine): void {
  const args = pop(machine);
  const call = pop(machine);
  if (typeof call !== "function" || !Array.isArray(args)) {
    throw new PickleError(
      `Cannot read pickle: what is called before byte ${machine.at} is no function`,
    );
  }
  machine.stack.push((call as PickleCall)(args));
}

/** The attributes of an ordered dictionary, such as a state dict's `_metadata`, are left out. */
function build(machine: Machine): void {
  pop(machine);
  top(machine, "dictionary");
}

const push = (read: (machine: Machine) => unknown): Operation => (machine) => {
  machine.stack.push(read(machine));
};
const text = (size: 1 | 4 | 8) =>
  push((machine) => decodeText(take(machine, unsigned(machine, size))));
const raw = (size: 1 | 4 | 8) => push((machine) => take(machine, unsigned(machine, size)));

/** Opcodes by their byte: plain data, allowed names, and calls of these. */
const operations: Readonly<Record<number, Operation>> = {
  0x80: (m) => void take(m, 1), // PROTO
  0x95: (m) => void take(m, 8), // FRAME
  0x28: (m) => void (m.marks.push(m.stack), m.stack = []), // MARK
  0x30: (m) => void pop(m), // POP
  0x4e: push(() => null), // NONE
  0x88: push(() => true), // NEWTRUE
  0x89: push(() => false), // NEWFALSE
  0x4a: push((m) => unsigned(m, 4) | 0), // BININT
  0x4b: push((m) => unsigned(m, 1)), // BININT1
  0x4d: push((m) => unsigned(m, 2)), // BININT2
  0x8a: push((m) => long(take(m, unsigned(m, 1)))), // LONG1
  0x47: push((m) => (take(m, 8), m.view.getFloat64(m.at - 8))), // BINFLOAT, big endian
  0x58: text(4), // BINUNICODE
  0x8c: text(1), // SHORT_BINUNICODE
  0x8d: text(8), // BINUNICODE8
  0x54: raw(4), // BINSTRING
  0x55: raw(1), // SHORT_BINSTRING
  0x42: raw(4), // BINBYTES
  0x43: raw(1), // SHORT_BINBYTES
  0x7d: push(() => new Map()), // EMPTY_DICT
  0x5d: push(() => []), // EMPTY_LIST
  0x29: push(() => []), // EMPTY_TUPLE
  0x85: (m) => tuple(m, 1), // TUPLE1
  0x86: (m) => tuple(m, 2), // TUPLE2
  0x87: (m) => tuple(m, 3), // TUPLE3
  0x74: (m) => { // TUPLE
    const items = popMark(m);
    m.stack.push(items);
  },
  0x73: (m) => { // SETITEM
    const value = pop(m);
    setItems(m, [pop(m), value]);
  },
  0x75: (m) => setItems(m, popMark(m)), // SETITEMS
  0x61: (m) => { // APPEND
    const value = pop(m);
    top<unknown[]>(m, "list").push(value);
  },
  0x65: (m) => { // APPENDS
    const items = popMark(m);
    const list = top<unknown[]>(m, "list");
    for (const item of items) list.push(item);
  },
  0x71: (m) => void m.memo.set(unsigned(m, 1), m.stack.at(-1)), // BINPUT
  0x72: (m) => void m.memo.set(unsigned(m, 4), m.stack.at(-1)), // LONG_BINPUT
  0x94: (m) => void m.memo.set(m.memo.size, m.stack.at(-1)), // MEMOIZE
  0x68: (m) => recall(m, unsigned(m, 1)), // BINGET
  0x6a: (m) => recall(m, unsigned(m, 4)), // LONG_BINGET
  0x63: (m) => lookUp(m, `${line(m)} ${line(m)}`), // GLOBAL
  0x93: (m) => { // STACK_GLOBAL
    const name = pop(m);
    lookUp(m, `${pop(m)} ${name}`);
  },
  0x52: reduce, // REDUCE
  0x62: build, // BUILD
  0x51: push((m) => m.host.persistent(pop(m))), // BINPERSID
};

const STOP = 0x2e;

/**
 * Reads one pickle. Dictionaries become maps, tuples and lists arrays.
 *
 * @param at Where it begins.
 * @throws {PickleError} If it is cut off, or has an opcode or names a global that is not allowed.
 */
export function readPickle(bytes: Uint8Array, host: PickleHost, at = 0): Unpickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine: Machine = { bytes, view, host, memo: new Map(), at, stack: [], marks: [] };
  while (true) {
    const code = unsigned(machine, 1);
    if (code === STOP) return { value: pop(machine), end: machine.at };
    const operation = operations[code];
    if (operation === undefined) {
      const hex = code.toString(16).padStart(2, "0");
      throw new PickleError(
        `Cannot read pickle: opcode 0x${hex} at byte ${
          machine.at - 1
        } is not one that plain tensors need`,
      );
    }
    operation(machine);
  }
}
