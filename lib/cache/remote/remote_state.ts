/**
 * Saved states of tasks in a remote. A signed line says how many bytes follow and what their digest
 * is; then come the bytes. The line is checked before anything else is read, and nothing beyond its
 * size is read.
 *
 * @module
 */
import type { Key } from "../../pipeline/contract/key.ts";
import { digestBytes } from "../digest/digest.ts";
import type { Remote } from "./remote.ts";
import type { Signer, Verifier } from "./signature.ts";
import { receive, TransferError, type TransferOptions } from "./transfer.ts";

/** Most bytes of the line: a signature, a digest and a number. */
const longestHeader = 512;

/** Name of a task's state on a remote. */
export const stateName = (key: Key): string => `checkpoints/${key}`;

const purposeOf = (key: Key) => `checkpoint ${key}`;

/** The line before a state. */
export async function stateHeader(
  key: Key,
  state: Uint8Array,
  sign: Signer["sign"],
): Promise<string> {
  const facts = `${await digestBytes(state)} ${state.length}`;
  return `${await sign(purposeOf(key), new TextEncoder().encode(facts))} ${facts}\n`;
}

/** How a state is read. */
export interface StateOptions extends TransferOptions {
  readonly verifier: Verifier;
  /** Most bytes of a state, also of one that is signed. */
  readonly limitBytes: number;
}

/**
 * Reads a task's state; `undefined` if the remote has none.
 *
 * @throws {TransferError} If it is not signed by a key that is trusted, or another one.
 */
export async function readState(
  remote: Remote,
  key: Key,
  options: StateOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const sink = new StateSink(key, options);
  if (!await receive(remote, stateName(key), { ...options, sink })) return undefined;
  return sink.state();
}

/** What a line says, once it is believed. */
interface Facts {
  readonly digest: string;
  readonly length: number;
  /** Bytes of the line with its end. */
  readonly start: number;
}

class StateSink {
  readonly #key: Key;
  readonly #verifier: Verifier;
  #parts: Uint8Array[] = [];
  #facts: Facts | undefined;
  bytes = 0;

  constructor(key: Key, { verifier }: StateOptions) {
    [this.#key, this.#verifier] = [key, verifier];
  }

  restart(): void {
    [this.#parts, this.#facts, this.bytes] = [[], undefined, 0];
  }

  async take(part: Uint8Array): Promise<void> {
    this.#parts.push(part);
    this.bytes += part.length;
    this.#facts ??= await this.#readHeader();
    if (this.#facts !== undefined && this.bytes > this.#facts.start + this.#facts.length) {
      throw this.#mistrusted();
    }
  }

  /** The whole state. @throws {TransferError} If it is cut off or another one. */
  async state(): Promise<Uint8Array<ArrayBuffer>> {
    const state = joined(this.#parts).subarray(this.#facts?.start);
    if (this.#facts === undefined || await digestBytes(state) !== this.#facts.digest) {
      throw this.#mistrusted();
    }
    return state;
  }

  async #readHeader(): Promise<Facts | undefined> {
    const begin = joined(this.#parts).subarray(0, longestHeader);
    const end = begin.indexOf("\n".charCodeAt(0));
    if (end < 0 && begin.length < longestHeader) return undefined;
    const line = new TextDecoder().decode(begin.subarray(0, Math.max(0, end)));
    const [, signature, facts, digest, length] = /^(\S+) (([0-9a-f]{64}) (\d{1,15}))$/.exec(line) ??
      [];
    const content = new TextEncoder().encode(facts);
    if (
      signature === undefined ||
      !await this.#verifier.verify(purposeOf(this.#key), content, signature)
    ) throw this.#mistrusted();
    return { digest: digest!, length: Number(length), start: end + 1 };
  }

  #mistrusted(): TransferError {
    return new TransferError(`${stateName(this.#key)} is not signed by a key that is trusted`);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
