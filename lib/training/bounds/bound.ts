/** Defines a bound: how strong a prompt may become. @module */

/** δ and where it is trained. */
export interface Bounded {
  /** Changed in place. */
  readonly delta: Float32Array;
  /** Rates m of δ; what has rate 0 is 0. */
  readonly rates: Float32Array;
}

/** A bound: after every update δ is moved to the nearest one that keeps it. */
export interface Bound<Limit> {
  readonly description: string;
  project(bounded: Bounded, limit: Limit): void;
}
