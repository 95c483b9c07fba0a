/** Puts objects into a store and takes them out; only sound ones come out. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Digest } from "../../pipeline/contract/key.ts";
import { digestPath } from "../digest/digest.ts";
import type { StoreLayout } from "./layout.ts";
import { lookAt, type ObjectSize, type SealedObject, sealIfAble } from "./object.ts";
import { removeQuietly } from "../disk/replace_file.ts";
import { Seals } from "./seals.ts";
import { isSettled } from "../digest/settled.ts";
import { ifThere, isSystemError } from "../disk/system_error.ts";

/** The objects of a store: none is used that is not known to be sound. */
export class ObjectFolder implements Disposable {
  readonly #layout: StoreLayout;
  readonly #seals: Seals;
  /** What was placed by this process, and how it looked then. */
  readonly #placed = new Map<Digest, string>();

  constructor(layout: StoreLayout) {
    this.#layout = layout;
    this.#seals = new Seals(layout.seals);
  }

  /**
   * Whether an object is what its digest says. It is read where it does not look as it did when that
   * was last known.
   *
   * @throws {Deno.errors.NotFound} If there is none.
   */
  async isSound(digest: Digest, size?: ObjectSize): Promise<boolean> {
    const look = lookAt(this.#layout.object(digest));
    const isAlike = look.isSealed && look.bytes === size?.bytes && look.files === size.files;
    return isAlike && this.#seals.has(digest, look.stamp) || await this.read(digest);
  }

  /** The same by reading, without trust in sizes and times. */
  async read(digest: Digest): Promise<boolean> {
    const path = this.#layout.object(digest);
    const readMs = Date.now();
    const { isSealed, stamp, changedAt } = lookAt(path);
    if (!await holds(path, digest)) return false;
    if (!isSealed) sealIfAble(path);
    else if (isSettled(changedAt, readMs)) this.#seals.add(digest, stamp);
    return true;
  }

  /** Moves a sealed object to its place. */
  async place(object: SealedObject): Promise<void> {
    const { path, digest } = object;
    const target = this.#layout.object(digest);
    try {
      // A file takes the place of its like; a folder cannot.
      Deno.renameSync(path, target);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (await this.#isThere(object)) return removeQuietly(path);
      removeQuietly(target);
      Deno.renameSync(path, target);
    }
    this.#placed.set(digest, lookAt(target).stamp);
  }

  async #isThere(object: SealedObject): Promise<boolean> {
    try {
      return await this.isSound(object.digest, object);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Remembers what is known to be sound: what was placed, if nobody touched it since. */
  [Symbol.dispose](): void {
    const now = Date.now();
    for (const [digest, placed] of this.#placed) {
      const look = ifThere(() => lookAt(this.#layout.object(digest)));
      if (look?.stamp === placed && look.isSealed && isSettled(look.changedAt, now)) {
        this.#seals.add(digest, placed);
      }
    }
    this.#placed.clear();
    this.#seals.flush();
  }
}

/** Whether a file or folder has a digest; what cannot be read has none. */
async function holds(path: string, digest: Digest): Promise<boolean> {
  try {
    return await digestPath(path) === digest;
  } catch (error) {
    if (error instanceof DiagnosticError) return false;
    throw error;
  }
}
