/** Folders in a remote: a list of files, each of them an object. @module */
import { dirname, join } from "@std/path";
import type { Digest } from "../../pipeline/contract/key.ts";
import { digestFile, digestText, entryLine, isDigest } from "../digest/digest.ts";
import { TransferError } from "./transfer.ts";
import { boundedJson } from "../../trust/bounded_json.ts";

/** The files of a folder by path, with slashes, and the folders that hold nothing. */
export interface Tree {
  readonly files: readonly TreeFile[];
  readonly emptyFolders: readonly string[];
}

/** A file of a folder. */
export interface TreeFile {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/** Lists a folder. */
export async function listTree(root: string): Promise<Tree> {
  const tree = { files: [] as TreeFile[], emptyFolders: [] as string[] };
  await list(root, "", tree);
  return tree;
}

async function list(
  root: string,
  inside: string,
  tree: { files: TreeFile[]; emptyFolders: string[] },
): Promise<void> {
  const entries = [...Deno.readDirSync(join(root, inside))].sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
  if (entries.length === 0) tree.emptyFolders.push(inside);
  for (const { name, isDirectory } of entries) {
    const path = inside === "" ? name : `${inside}/${name}`;
    if (isDirectory) await list(root, path, tree);
    else {
      const full = join(root, path);
      tree.files.push({ path, digest: await digestFile(full), bytes: Deno.statSync(full).size });
    }
  }
}

/** What a signed manifest says of a folder. */
export interface TreeFacts {
  readonly digest: Digest;
  /** Of all files together. */
  readonly bytes: number;
  readonly files: number;
}

/** The largest size, in bytes, of a list of a number of files. */
export function listLimit(files: number): number {
  return (1 << 20) + files * (longestPath + 256);
}

/**
 * Reads a list of files that a remote sent, of which only the manifest is signed: its digest is
 * computed from the list, so that nothing is asked for that the signature does not vouch for.
 *
 * @throws {TransferError} If it is not a tree, leads out of the folder, or is another tree.
 */
export function parseTree(bytes: Uint8Array, facts: TreeFacts): Tree {
  const tree = asTree(parseJson(bytes));
  const total = tree.files.reduce((sum, file) => sum + file.bytes, 0);
  const isMeant = tree.files.length === facts.files && total === facts.bytes &&
    treeDigest(tree) === facts.digest;
  if (!isMeant) throw new TransferError("a tree is not what its manifest says");
  return tree;
}

function asTree(value: unknown): Tree {
  const { files, emptyFolders } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(files) || !Array.isArray(emptyFolders)) throw new TransferError("no tree");
  for (const file of files) {
    if (!isTreeFile(file)) {
      throw new TransferError(`a tree holds ${JSON.stringify(file)}, which is not a file name`);
    }
  }
  const paths: unknown[] = [...files.map(({ path }: TreeFile) => path), ...emptyFolders];
  const bad = paths.find((path) => !isInside(path) && !(path === "" && paths.length === 1));
  if (bad !== undefined) {
    throw new TransferError(`a tree leaves its folder with ${JSON.stringify(bad)}`);
  }
  return { files, emptyFolders };
}

function isTreeFile(value: unknown): value is TreeFile {
  const { path, digest, bytes } = (value ?? {}) as Record<string, unknown>;
  return typeof path === "string" && path !== "" && isDigest(digest) &&
    Number.isSafeInteger(bytes) && (bytes as number) >= 0;
}

/** Systems take paths of 4096 bytes, the folder's own among them, and names of 255. */
const longestPath = 3072;
const longestName = 255;

const bytesIn = (text: string) => new TextEncoder().encode(text).length;

function isInside(path: unknown): boolean {
  if (typeof path !== "string" || /[\0\\]/.test(path) || bytesIn(path) > longestPath) return false;
  return path.split("/").every((part) =>
    part !== "" && part !== "." && part !== ".." && bytesIn(part) <= longestName
  );
}

/** A folder of a list: what is in it by name. */
type Folder = Map<string, Digest | Folder>;

/** The digest that `digestPath` gives of the folder that the list describes. */
function treeDigest({ files, emptyFolders }: Tree): Digest {
  const root: Folder = new Map();
  for (const path of emptyFolders) folderIn(root, path === "" ? [] : path.split("/"));
  for (const { path, digest } of files) {
    const parts = path.split("/");
    const folder = folderIn(root, parts.slice(0, -1));
    const name = parts.at(-1)!;
    if (folder.has(name)) throw new TransferError(`a tree has "${path}" twice`);
    folder.set(name, digest);
  }
  return folderDigest(root);
}

function folderIn(root: Folder, parts: readonly string[]): Folder {
  return parts.reduce((folder, name) => {
    const next = folder.get(name) ?? new Map();
    if (typeof next === "string") {
      throw new TransferError(`a tree has a file in the file "${name}"`);
    }
    folder.set(name, next);
    return next;
  }, root);
}

function folderDigest(folder: Folder): Digest {
  const entries = [...folder].sort(([a], [b]) => (a < b ? -1 : 1));
  return digestText(
    entries.map(([name, entry]) =>
      typeof entry === "string"
        ? entryLine("file", entry, name)
        : entryLine("folder", folderDigest(entry), name)
    ).join(""),
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return boundedJson(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) throw new TransferError("it is not JSON");
    throw error;
  }
}

/** Makes the folders of a tree below `root`. */
export function makeFolders(tree: Tree, root: string): void {
  const folders = [...tree.emptyFolders, ...tree.files.map(({ path }) => dirname(path))];
  for (const folder of folders) Deno.mkdirSync(join(root, folder), { recursive: true });
}
