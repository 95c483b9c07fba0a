import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { Digest } from "../pipeline/key.ts";
import type { FileMemo } from "./file_memo.ts";

/** How much of a file is read at once. */
const CHUNK_BYTES = 1 << 20;

/** sha256 of a text or of bytes. */
export function digestOf(content: string | Uint8Array): Digest {
  return createHash("sha256").update(content).digest("hex") as Digest;
}

/**
 * sha256 of a file's bytes, which are never in memory all at once.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export async function digestFile(path: string): Promise<Digest> {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, file.statSync().size + 1));
  for (let n = file.readSync(chunk); n !== null;) {
    hash.update(chunk.subarray(0, n));
    // What is left of a small file is read at once: waiting for it would cost more than reading.
    n = n < chunk.length ? file.readSync(chunk) : await file.read(chunk);
  }
  return hash.digest("hex") as Digest;
}

/** What is in a folder, by name, in the order of their code units. */
function sortedEntries(path: string): { name: string; isDirectory: boolean }[] {
  return Deno.readDirSync(path).map(({ name, isDirectory, isSymlink }) => ({
    name,
    isDirectory: isSymlink ? Deno.statSync(join(path, name)).isDirectory : isDirectory,
  })).toArray().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Digest of a file or a folder. A file's is the sha256 of its bytes. A folder's is a Merkle digest:
 * the sha256 of one line `file DIGEST NAME` or `folder DIGEST NAME` an entry, sorted by name; links
 * are followed, and neither times nor permissions count.
 *
 * @param memo Spares reading files that were read before.
 * @throws {Deno.errors.NotFound} If there is nothing at `path`.
 */
export async function digestPath(path: string, memo?: FileMemo): Promise<Digest> {
  return Deno.statSync(path).isDirectory
    ? await digestFolder(path, memo)
    : await (memo === undefined ? digestFile(path) : memo.get("sha256", path, digestFile));
}

async function digestFolder(path: string, memo: FileMemo | undefined): Promise<Digest> {
  const lines: string[] = [];
  for (const { name, isDirectory } of sortedEntries(path)) {
    const digest = await digestPath(join(path, name), memo);
    lines.push(`${isDirectory ? "folder" : "file"} ${digest} ${JSON.stringify(name)}\n`);
  }
  return digestOf(lines.join(""));
}
