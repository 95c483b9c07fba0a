/** Replaces a file in one step: writes beside it, then renames. @module */
import { ifThere } from "./system_error.ts";

let serial = 0;

/** A name that no other call, process or machine uses at the same time. */
export function temporaryName(): string {
  serial += 1;
  return `${Deno.pid}-${serial}-${crypto.randomUUID().slice(0, 8)}`;
}

/** How to replace a file. */
export interface ReplaceOptions {
  /** Whether to wait for the disk, so that a crash of the machine leaves old or new bytes as well. */
  readonly durable?: boolean;
  /** Permissions of the file: `0o600` where only its owner may read it. */
  readonly mode?: number;
  /** Path on the same file system for the unfinished file; default a name beside the file. */
  readonly via?: string;
}

/** Writes a file so that others see the old bytes or all of the new ones. */
export function replaceFile(
  path: string,
  content: string | readonly Uint8Array[],
  options: ReplaceOptions = {},
): void {
  const temporary = options.via ?? `${path}.${temporaryName()}.tmp`;
  try {
    writeNew(temporary, content, options);
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

function writeNew(
  path: string,
  content: string | readonly Uint8Array[],
  { durable, mode }: ReplaceOptions,
): void {
  const permissions = mode === undefined ? {} : { mode };
  using file = Deno.openSync(path, { write: true, createNew: true, ...permissions });
  const parts = typeof content === "string" ? [new TextEncoder().encode(content)] : content;
  for (const part of parts) writeAll(file, part);
  if (durable) file.syncSync();
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
}

/** Removes a file or a folder, whether or not it is there. */
export function removeQuietly(path: string): void {
  ifThere(() => Deno.removeSync(path, { recursive: true }));
}
