/** Folders as a remote keeps them: a list of files, each an object of its own. @module */
import { dirname, join } from "@std/path";
import type { Digest } from "../pipeline/key.ts";
import { digestFile } from "./digest.ts";
import { TransferError } from "./transfer.ts";

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

/**
 * Reads a list of files that a remote sent.
 *
 * @throws {TransferError} If it is none, leads out of the folder, or is larger than `limitBytes`.
 */
export function parseTree(bytes: Uint8Array, limitBytes: number): Tree {
  const tree = parseJson(bytes) as Partial<Tree> | null;
  const { files, emptyFolders } = tree ?? {};
  if (!Array.isArray(files) || !Array.isArray(emptyFolders)) throw new TransferError("no tree");
  const paths = [...files.map((file: TreeFile) => file?.path), ...emptyFolders];
  const bad = paths.find((path) => !isInside(path));
  if (bad !== undefined) throw new TransferError(`a tree leads out of its folder by "${bad}"`);
  const total = files.reduce((sum: number, { bytes }: TreeFile) => sum + bytes, 0);
  if (
    !(total <= limitBytes) || files.some(({ digest }: TreeFile) => !/^[0-9a-f]{64}$/.test(digest))
  ) {
    throw new TransferError("a tree is not what its manifest says");
  }
  return { files, emptyFolders };
}

function isInside(path: unknown): boolean {
  if (path === "") return true;
  return typeof path === "string" && !path.includes("\0") && !path.includes("\\") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) throw new TransferError("what should be JSON is none");
    throw error;
  }
}

/** Makes the folders of a tree below `root`. */
export function makeFolders(tree: Tree, root: string): void {
  const folders = [...tree.emptyFolders, ...tree.files.map(({ path }) => dirname(path))];
  for (const folder of folders) Deno.mkdirSync(join(root, folder), { recursive: true });
}
