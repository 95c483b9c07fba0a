/** The paths inside a store. It also makes new stores. @module */
import { join } from "@std/path";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Digest, Key } from "../../pipeline/contract/key.ts";
import { isDiskFull } from "../disk/disk_full.ts";
import { isSystemError } from "../disk/system_error.ts";

/** Where things lie in a store. */
export interface StoreLayout {
  readonly root: string;
  /** Immutable files and folders by digest. */
  readonly objects: string;
  /** One manifest a task: what it gave, and of what. */
  readonly tasks: string;
  readonly logs: string;
  readonly checkpoints: string;
  readonly locks: string;
  /** Folders of running tasks; everything half-written is in here. */
  readonly work: string;
  readonly scratch: string;
  /** How objects looked when they were sound. */
  readonly seals: string;
  /** Held shared by runs, exclusively by the garbage collection. */
  readonly usageLock: string;
  object(digest: Digest): string;
  manifest(key: Key): string;
  log(key: Key): string;
  checkpoint(key: Key): string;
  lock(key: Key): string;
}

/** The layout of the store at `root`. */
export function storeLayout(root: string): StoreLayout {
  const inside = (name: string) => join(root, name);
  const [objects, tasks, logs] = [inside("objects"), inside("tasks"), inside("logs")];
  const [checkpoints, locks] = [inside("checkpoints"), inside("locks")];
  return {
    root,
    objects,
    tasks,
    logs,
    checkpoints,
    locks,
    work: inside("work"),
    scratch: inside("scratch"),
    seals: inside("seals.json"),
    usageLock: inside("lock"),
    object: (digest) => `${objects}/${digest}`,
    manifest: (key) => `${tasks}/${key}.json`,
    log: (key) => `${logs}/${key}.txt`,
    checkpoint: (key) => `${checkpoints}/${key}`,
    lock: (key) => `${locks}/${key}`,
  };
}

/** Makes the folders of a store. */
export function makeStore(layout: StoreLayout): void {
  const { objects, tasks, logs, checkpoints, locks, work, scratch } = layout;
  for (const folder of [objects, tasks, logs, checkpoints, locks, work, scratch]) {
    Deno.mkdirSync(folder, { recursive: true });
  }
}

/** What an error of the system says of a store: that it cannot be used. Others are as they are. */
export function unusableStore(
  root: string,
  error: unknown,
  use: keyof typeof uses = "write",
): unknown {
  const { AlreadyExists, NotADirectory, NotCapable } = Deno.errors;
  // Deno keeps devices and the like for itself.
  const isDevice = error instanceof NotCapable;
  const isSystem = isSystemError(error) || error instanceof NotADirectory || isDevice;
  if (!isSystem || isDiskFull(error)) return error;
  const isFile = error instanceof AlreadyExists || error instanceof NotADirectory;
  const cause = isFile || isDevice ? "it is not a folder" : (error as Error).message;
  const message = `Cannot ${uses[use]} the cache "${root}": ${cause}`;
  return diagnosticError("cache-unusable", message, ["--cache DIR names another folder for it"]);
}

const uses = { write: "write to", read: "read" } as const;
