/** Digests of files, folders and code behind one memo that is kept from run to run. @module */
import type { Digest } from "../../pipeline/contract/key.ts";
import type { ContentDigests } from "../../pipeline/contract/store.ts";
import { type CodeDigests, codeDigests } from "./code_digest.ts";
import { digestPath } from "./digest.ts";
import { FileMemo } from "./file_memo.ts";

/** Where digests are kept, and the project whose imports are followed. */
export interface ContentDigestsOptions {
  /** File that keeps digests from run to run. */
  readonly memo?: string;
  /** Folder of the `deno.json` that resolves imports, a URL that ends in a slash; default this project's. */
  readonly root?: URL;
}

/** Digests of a project. What is digested of code is remembered: a run is of one version of it. */
export interface ProjectDigests extends ContentDigests, Pick<CodeDigests, "modules"> {
  /** Digests of what is there now, code too. */
  afresh(): ProjectDigests;
}

/**
 * Computes digests of files, folders and modules. New digests are written to the memo when disposed.
 *
 * @example
 * ```ts
 * import { contentDigests } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * await using digests = contentDigests();
 * const digest = await digests.content("LICENSE"); // sha256 of a file, or of a folder's tree
 * assertEquals(digest.length, 64);
 * ```
 */
export function contentDigests(
  options: ContentDigestsOptions = {},
): ProjectDigests {
  const memo = new FileMemo(options.memo);
  const root = options.root ?? new URL("../../../", import.meta.url);
  const afresh = (): ProjectDigests => {
    const code = codeDigests(root, memo);
    return {
      content: (path: string): Promise<Digest> => digestPath(path, memo),
      code: code.digest,
      modules: code.modules,
      afresh,
      [Symbol.asyncDispose]: () => Promise.resolve(memo.flush()),
    };
  };
  return afresh();
}
