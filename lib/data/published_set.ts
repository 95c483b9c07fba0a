/** Defines a published data set: where its files lie, and what is asked. @module */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { ZodType } from "zod";
import { dataFailure } from "./data_failure.ts";
import { DataRoot } from "./data_root.ts";
import type { DataSpec } from "./data_spec.ts";
import { isThere } from "./is_there.ts";
import type { Listing } from "./listing.ts";

/** A data set that somebody published; the default export of a file in `datasets/`. */
export interface PublishedSet {
  readonly info: {
    readonly name: string;
    readonly kind: "classification" | "generation" | "yes-no";
    readonly classes?: readonly string[];
    /** Caption of a class for CLIP. */
    readonly caption?: string;
    /** Whether answers hold in a mirror; default true. */
    readonly mirrorKeepsAnswer?: boolean;
    readonly licence: string;
    /** Where it is available. */
    readonly source: string;
  };
  /** What the folder holds, for people. */
  readonly layout: readonly string[];
  /** The question, and other settings of a user's own data set. */
  readonly settings?: Partial<DataSpec>;
  /** Schema of parameters of its own. */
  readonly parameters?: ZodType;
  /** Lists the files of the publisher, each row with its split. */
  list(folder: PublisherFolder, parameters: unknown): Promise<Listing> | Listing;
}

/** Defines a published data set. */
export function publishedSet(set: PublishedSet): PublishedSet {
  return set;
}

/** The folder that holds the publisher's files. */
export class PublisherFolder {
  readonly #set: PublishedSet;
  readonly #root: DataRoot;

  /** @throws {DiagnosticError} If there is no such folder. */
  constructor(path: string, set: PublishedSet) {
    this.#set = set;
    this.#root = new DataRoot(path);
  }

  /** As the user wrote it. */
  get path(): string {
    return this.#root.path;
  }

  /** The folder as a root of images. */
  rootOf(folder: string): DataRoot {
    return new DataRoot(join(this.#root.path, folder));
  }

  /** Whether a file or folder is there. */
  has(name: string): boolean {
    return isThere(join(this.#root.path, name));
  }

  /**
   * The first folder of these that has a file, as a prefix of names: "" is the folder itself.
   *
   * @throws {DiagnosticError} If none has it.
   */
  prefixOf(folders: readonly string[], file: string): string {
    const found = ["", ...folders].map((folder) => folder === "" ? "" : `${folder}/`)
      .find((prefix) => this.has(`${prefix}${file}`));
    if (found !== undefined) return found;
    throw this.missing(file);
  }

  /** Path of a file. @throws {DiagnosticError} With what the folder should hold. */
  file(name: string): string {
    if (!this.has(name)) throw this.missing(name);
    return this.#root.file(name, `of data set "${this.#set.info.name}"`);
  }

  /** The error of a missing file. */
  missing(name: string): Error {
    const { info, layout } = this.#set;
    return dataFailure(
      `data set "${info.name}" in ${JSON.stringify(this.path)}`,
      `there is no ${name}`,
      [
        "The folder must hold the publisher's files:",
        ...layout,
        `Get it from ${info.source}`,
      ],
    );
  }

  /** Whether a file is the published one, by its MD5. */
  isPublished(name: string, md5: string): boolean {
    return createHash("md5").update(Deno.readFileSync(this.file(name))).digest("hex") === md5;
  }
}
