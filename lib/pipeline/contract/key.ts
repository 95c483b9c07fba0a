/** Makes the key of a task from all that determines its outputs. @module */

/** Anything that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** sha256, in hex, of the bytes of a file or the Merkle tree of a folder. */
export type Digest = string & { readonly __digest: never };

/** sha256, in hex, of the canonical JSON of a `KeyPreimage`. */
export type Key = string & { readonly __key: never };

/**
 * Every input of a key. Stored beside the outputs, so that `tvp why` can name the field that
 * differs. Paths, times, host and provider are left out on purpose: they do not change a result
 * that deserves the name (the provider is in the manifest).
 */
export interface KeyPreimage {
  /** Version of this interface: a runner with another meaning of the fields must not find our keys. */
  readonly format: 1;
  /** Name of the stage type, because two types may take equal parameters. */
  readonly stage: string;
  /** Digest of the stage's local import graph and its packages, because other code may give other results. */
  readonly code: Digest;
  /**
   * Parameters with defaults filled in. Models, data sets, files and artifacts stand as
   * `{ "$model": digest }`, `{ "$dataset": … }`, `{ "$file": … }`, `{ "$artifact": … }`: the content
   * decides, not the name, so that an equal result of an earlier task cuts off everything downstream.
   */
  readonly parameters: Json;
  /** The environment variables that the stage declares. */
  readonly environment: Readonly<Record<string, string>>;
  /** Set by `--strict-provider` only. */
  readonly provider?: string;
}
