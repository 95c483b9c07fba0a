import { join } from "@std/path";
import { digestText } from "../../lib/cache/digest/digest.ts";
import type { Digest, Key, KeyPreimage } from "../../lib/pipeline/contract/key.ts";
import type { ArtifactStore, NewEntry, StoreHit } from "../../lib/pipeline/contract/store.ts";

/** Runs something with a folder that is gone afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function keyOf(name: string): Key {
  return digestText(name) as string as Key;
}

export function preimageOf(name: string): KeyPreimage {
  const code = digestText("code") as Digest;
  return { format: 1, stage: name, code, parameters: { name }, environment: {} };
}

/** What a stage writes: an output is a text, or a folder of texts. */
export type Written = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

function write(path: string, content: Written[string]): void {
  if (typeof content === "string") return Deno.writeTextFileSync(path, content);
  Deno.mkdirSync(path);
  for (const [name, text] of Object.entries(content)) {
    Deno.writeTextFileSync(join(path, name), text);
  }
}

/** Stores a task as a runner would. */
export async function storeTask(
  store: ArtifactStore,
  name: string,
  written: Written,
): Promise<StoreHit> {
  const key = keyOf(name);
  await using workspace = await store.workspace(key);
  const outputs: Record<string, NewEntry["outputs"][string]> = {};
  for (const [output, content] of Object.entries(written)) {
    const path = join(workspace.directory, output);
    write(path, content);
    outputs[output] = { type: typeof content === "string" ? "file" : "directory", path };
  }
  const host = { versions: {} };
  return await store.put(key, {
    preimage: preimageOf(name),
    outputs,
    durationMs: 1,
    host,
    log: `log of ${name}\n`,
  });
}

/** Every path below a folder, sorted, folders with a slash at the end. */
export function pathsIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? [`${name}/`, ...pathsIn(join(folder, name)).map((path) => `${name}/${path}`)]
      : [name]
  ).sort();
}

/** Whether this machine lets us mount file systems of our own. */
export async function canMount(): Promise<boolean> {
  try {
    return (await new Deno.Command("unshare", { args: ["-rm", "true"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
