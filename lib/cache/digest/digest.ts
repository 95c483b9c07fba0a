/** sha256 of a file, and the Merkle digest of a folder. @module */
import type { Hash } from "node:crypto";
import { join } from "@std/path";
import { type DiagnosticError, diagnosticError } from "../../diagnostic/diagnostic.ts";
import { sha256 } from "../../pipeline/contract/canonical.ts";
import type { Digest } from "../../pipeline/contract/key.ts";
import { fileKind } from "../disk/file_kind.ts";
import type { FileMemo, MemoKind } from "./file_memo.ts";

/** How much of a file is read at once. */
const CHUNK_BYTES = 1 << 20;

/** sha256 of a short text. */
export function digestText(text: string): Digest {
  return sha256(text) as Digest;
}

/** sha256 of bytes, or of a long text. */
export async function digestBytes(content: string | Uint8Array): Promise<Digest> {
  return (await newHash()).update(content).digest("hex") as Digest;
}

/** Loaded when asked for: a run that finds everything in the cache reads no file. */
async function newHash(): Promise<Hash> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256");
}

/**
 * sha256 of a file's bytes, which are never in memory all at once.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export async function digestFile(path: string): Promise<Digest> {
  using file = Deno.openSync(path);
  const hash = await newHash();
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, file.statSync().size + 1));
  for (let n = file.readSync(chunk); n !== null;) {
    hash.update(chunk.subarray(0, n));
    // What is left of a small file is read at once: waiting for it would cost more than reading.
    n = n < chunk.length ? file.readSync(chunk) : await file.read(chunk);
  }
  return hash.digest("hex") as Digest;
}

/**
 * Digest of a file or a folder. A file's is the sha256 of its bytes. A folder's is a Merkle digest:
 * the sha256 of one line `file DIGEST NAME` or `folder DIGEST NAME` an entry, sorted by name; links
 * are followed, and neither times nor permissions count.
 *
 * @param memo Spares reading files that were read before.
 * @throws {Deno.errors.NotFound} If there is nothing at `path`.
 * @throws {DiagnosticError} `unreadable-file`, if what is there is no file or folder, or holds such.
 */
export function digestPath(path: string, memo?: FileMemo): Promise<Digest> {
  const readFile = memo === undefined ? digestFile : (path: string) => memo.get(DIGESTS, path);
  return digestEntry(path, kindAt(path), { readFile, open: new Set() });
}

const DIGESTS: MemoKind<Digest> = { name: "sha256", compute: digestFile, is: isDigest };

/** Whether a value has the form of a digest. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

type EntryKind = "file" | "folder";

/** A walk through a folder. */
interface Walk {
  readonly readFile: (path: string) => Promise<Digest>;
  /** Folders that the walk is inside of, by what they really are: links may lead in circles. */
  readonly open: Set<string>;
}

async function digestEntry(path: string, kind: EntryKind, walk: Walk): Promise<Digest> {
  if (kind === "file") return await walk.readFile(path);
  const real = Deno.realPathSync(path);
  if (walk.open.has(real)) throw unreadable(path, "it is a link to a folder that holds it");
  walk.open.add(real);
  const lines: string[] = [];
  for (const { name, kind } of sortedEntries(path)) {
    const digest = await digestEntry(join(path, name), kind, walk);
    lines.push(entryLine(kind, digest, name));
  }
  walk.open.delete(real);
  return digestText(lines.join(""));
}

/** What an entry adds to the digest of its folder. */
export function entryLine(kind: "file" | "folder", digest: Digest, name: string): string {
  return `${kind} ${digest} ${JSON.stringify(name)}\n`;
}

/** What is in a folder, by name, in the order of their code units. */
function sortedEntries(path: string): { name: string; kind: EntryKind }[] {
  return Deno.readDirSync(path).map(({ name, isDirectory, isFile }) => ({
    name,
    kind: isDirectory ? "folder" as const : isFile ? "file" as const : kindInside(join(path, name)),
  })).toArray().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a link leads to, or an entry that is neither file nor folder. */
function kindInside(path: string): EntryKind {
  try {
    return kindAt(path);
  } catch (error) {
    const { NotFound, FilesystemLoop } = Deno.errors;
    if (error instanceof NotFound) throw unreadable(path, "it is a link to nothing");
    if (error instanceof FilesystemLoop) {
      throw unreadable(path, "it is a link that leads to itself");
    }
    throw error;
  }
}

function kindAt(path: string): EntryKind {
  const info = Deno.statSync(path);
  if (info.isDirectory) return "folder";
  if (info.isFile) return "file";
  throw unreadable(path, `it is ${fileKind(info)}, expected a file or a folder`);
}

function unreadable(path: string, cause: string): DiagnosticError {
  const message = `Cannot read "${path}": ${cause}`;
  return diagnosticError("unreadable-file", message);
}
