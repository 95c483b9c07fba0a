/** Reads the commit that a checkout is at. @module */
import { ifThere, isSystemError } from "../cache/disk/system_error.ts";

/**
 * The commit that a checkout is at, read from its files; `undefined` where there is none to read.
 * It says nothing of changes that are not committed.
 */
export function headCommit(root: string): string | undefined {
  try {
    const folder = gitFolder(root);
    const head = folder && read(`${folder}/HEAD`);
    const ref = head && /^ref: (refs\/\S+)$/.exec(head)?.[1];
    return commitIn(ref ? readRef(folder, ref) : head);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** `.git`, or what a worktree's file of that name points to. */
function gitFolder(root: string): string {
  const path = `${root}.git`;
  if (!Deno.statSync(path).isFile) return path;
  const [, folder = ""] = /^gitdir: (.+)$/.exec(Deno.readTextFileSync(path).trim()) ?? [];
  return folder.startsWith("/") ? folder : `${root}${folder}`;
}

/** Branches are files, in a worktree those of the repository, or lines of one file. */
function readRef(folder: string, ref: string): string | undefined {
  const common = read(`${folder}/commondir`);
  const shared = common === undefined
    ? folder
    : common.startsWith("/")
    ? common
    : `${folder}/${common}`;
  const packed = read(`${shared}/packed-refs`)?.split("\n") ?? [];
  return read(`${folder}/${ref}`) ?? read(`${shared}/${ref}`) ??
    packed.find((line) => line.endsWith(` ${ref}`))?.slice(0, 40);
}

function read(path: string): string | undefined {
  return ifThere(() => Deno.readTextFileSync(path))?.trim();
}

function commitIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined;
}
