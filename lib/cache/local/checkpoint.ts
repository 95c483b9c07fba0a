/** Saves and loads the state of a task that is not done yet. @module */
import { basename, dirname, join } from "@std/path";
import type { Checkpoint } from "../../pipeline/contract/stage.ts";
import { digestBytes } from "../digest/digest.ts";
import { sayDiskFull } from "../disk/disk_full.ts";
import { fileKind } from "../disk/file_kind.ts";
import { removeQuietly, replaceFile } from "../disk/replace_file.ts";
import { ifThere } from "../disk/system_error.ts";
import { boundedJson } from "../../trust/bounded_json.ts";

/** What a state depends on besides the task's key, such as provider, versions, threads. */
export type CheckpointFacts = Readonly<Record<string, string>>;

/** Where and when a task's state is saved. */
export interface CheckpointOptions {
  readonly path: string;
  /** Shortest time between two saves. */
  readonly intervalMs: number;
  /** Once aborted, a save is always due. */
  readonly signal: AbortSignal;
  /** A state saved under other facts is not used. */
  readonly facts: CheckpointFacts;
  readonly now?: () => number;
  readonly onSaved?: (bytes: number) => void;
  /** Told that a saved state was taken. */
  readonly onResumed?: () => void;
  /** Told why a saved state is not used, once. */
  readonly onRefused?: (reason: string) => void;
}

/** First line of a checkpoint file; the state follows it. */
interface Header {
  readonly format: 1;
  readonly facts: CheckpointFacts;
  readonly sha256: string;
}

const NEWLINE = 10;

/** The saved state of a task, in one file that is always whole. */
export function fileCheckpoint(options: CheckpointOptions): Checkpoint {
  const { path, intervalMs, signal, facts, now = () => performance.now() } = options;
  let savedAt = now();
  let isTold = false;
  // A state may be looked at more than once.
  const refuse = (reason: string) => {
    if (!isTold) options.onRefused?.(reason);
    isTold = true;
  };
  return {
    async load<T = Uint8Array>(
      read: (state: Uint8Array) => T | undefined = (state) => state as T,
    ): Promise<T | undefined> {
      removeUnfinished(path);
      const bytes = await readState(path, facts, refuse);
      const state = bytes && read(bytes);
      if (state !== undefined) options.onResumed?.();
      return state;
    },
    due: () => signal.aborted || now() - savedAt >= intervalMs,
    async save(state: Uint8Array): Promise<void> {
      const header: Header = { format: 1, facts, sha256: await digestBytes(state) };
      const line = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
      const write = () => replaceFile(path, [line, state], { durable: true });
      await sayDiskFull("save a checkpoint", path, write);
      savedAt = now();
      options.onSaved?.(line.length + state.length);
    },
  };
}

async function readState(
  path: string,
  facts: CheckpointFacts,
  refuse: (reason: string) => void,
): Promise<Uint8Array | undefined> {
  const info = ifThere(() => Deno.statSync(path));
  if (info === undefined) return undefined;
  if (!info.isFile) {
    refuse(`the checkpoint is ${fileKind(info)}`);
    return undefined;
  }
  const bytes = Deno.readFileSync(path);
  const end = bytes.indexOf(NEWLINE);
  const header = parseHeader(bytes.subarray(0, Math.max(0, end)));
  const state = bytes.subarray(end + 1);
  if (header === undefined || header.sha256 !== await digestBytes(state)) {
    refuse("the checkpoint is damaged");
    return undefined;
  }
  const differing = difference(header.facts, facts);
  if (differing === undefined) return state;
  refuse(differing);
  return undefined;
}

/** The first fact that differs, in words. */
function difference(saved: CheckpointFacts, current: CheckpointFacts): string | undefined {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(current)])].sort();
  const name = names.find((name) => saved[name] !== current[name]);
  if (name === undefined) return undefined;
  const [was, is] = [saved[name] ?? "nothing", current[name] ?? "nothing"];
  return `the checkpoint was saved with ${name} "${was}", this run has "${is}"`;
}

/** The first line, which a crash, or a remote, may have changed. */
function parseHeader(bytes: Uint8Array): Header | undefined {
  try {
    const header: unknown = boundedJson(new TextDecoder().decode(bytes));
    return isHeader(header) ? header : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isHeader(value: unknown): value is Header {
  const { format, facts, sha256 } = (value ?? {}) as Partial<Header>;
  return format === 1 && typeof sha256 === "string" && typeof facts === "object" &&
    facts !== null && !Array.isArray(facts) &&
    Object.values(facts).every((fact) => typeof fact === "string");
}

/** Removes what a save that was cut off left beside the file. */
function removeUnfinished(path: string): void {
  const folder = dirname(path);
  for (const { name } of [...Deno.readDirSync(folder)]) {
    const isUnfinished = name.startsWith(`${basename(path)}.`) && name.endsWith(".tmp");
    if (isUnfinished) removeQuietly(join(folder, name));
  }
}
