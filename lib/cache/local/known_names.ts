/** Remembers the names in a folder, for many lookups of names that are not there. @module */
import { isSettled } from "../digest/settled.ts";
import { pathsIn } from "./manifests.ts";
import { ifThere } from "../disk/system_error.ts";

/** After this many names that were not found, the folder is listed. */
const FEW = 64;

/**
 * Which names a folder lacks. To open a file that is not there costs several times as much as to
 * look at the folder: a plan of 10 000 tasks, none of them stored, opens none.
 */
export class KnownNames {
  readonly #folder: string;
  readonly #now: () => number;
  #paths: ReadonlySet<string> = new Set();
  /** Last change of the folder when it was listed; `undefined` before. */
  #listedAt: number | undefined;
  #inVain = 0;

  /** @param now Milliseconds since the epoch. */
  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Whether there is certainly no such path in the folder; `false` if it has to be looked up. */
  lacks(path: string): boolean {
    if (this.#inVain < FEW) return false;
    const folder = ifThere(() => Deno.statSync(this.#folder));
    if (folder === undefined) return true;
    const changedAt = folder.ctime;
    if (changedAt?.getTime() !== this.#listedAt) this.#list(changedAt);
    return this.#listedAt !== undefined && !this.#paths.has(path);
  }

  /** Counts a name that was not found. */
  miss(): void {
    this.#inVain += 1;
  }

  /** A folder that changed a moment ago may change again without a sign of it. */
  #list(changedAt: Date | null): void {
    this.#listedAt = undefined;
    this.#inVain = 0;
    if (changedAt === null || !isSettled(changedAt, this.#now())) return;
    this.#paths = new Set(pathsIn(this.#folder));
    this.#listedAt = changedAt.getTime();
    this.#inVain = FEW;
  }
}
