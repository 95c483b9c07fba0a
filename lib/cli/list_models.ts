/**
 * Lists the models on this machine: those of the zoo, and those in the Hugging Face cache.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import { join } from "@std/path";
import { hubCacheFolder } from "../hub/hub_cache.ts";
import { readModelType } from "../models/directory.ts";
import { folderBytes, partFiles } from "../models/part_files.ts";
import { projectRoot } from "../workspace/places.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { printJson, printLine, table } from "./print.ts";

/** A model as it is listed. */
interface ListedModel {
  /** What pipeline files call it. */
  readonly model: string;
  readonly family: string;
  readonly bytes: number;
  /** Types of weights that some part has. */
  readonly weights: readonly string[];
}

/** Prints the models. */
export async function printModels(args: CommandArguments): Promise<void> {
  const models: ListedModel[] = [];
  for await (const [model, path] of places()) models.push(await listed(model, path));
  if (hasFlag(args, "json")) return models.forEach((model) => printJson(model));
  const rows = models.map(({ model, family, bytes, weights }) => [
    model,
    family,
    format(bytes),
    weights.join(", "),
  ]);
  printLine(table([["model", "family", "size", "weights"], ...rows]));
}

async function listed(model: string, path: string): Promise<ListedModel> {
  const family = await readModelType(path, model).catch(() => "unreadable");
  const files = await partFiles(path);
  return {
    model,
    family: typeof family === "string" ? family : "none",
    bytes: await folderBytes(path),
    weights: [...new Set(files.map(({ weights }) => weights))],
  };
}

/** Names and folders. */
async function* places(): AsyncGenerator<readonly [model: string, path: string]> {
  const zoo = new URL("zoo", projectRoot).pathname;
  for (const name of await foldersIn(zoo)) yield [`zoo/${name}`, join(zoo, name)];
  const cache = hubCacheFolder((name) => Deno.env.get(name));
  for (const folder of await foldersIn(cache)) {
    const [kind, owner, ...rest] = folder.split("--");
    if (kind !== "models" || owner === undefined || rest.length === 0) continue;
    const snapshots = join(cache, folder, "snapshots");
    for (const commit of await foldersIn(snapshots)) {
      if ((await partFiles(join(snapshots, commit))).length === 0) continue;
      yield [`hf://${owner}/${rest.join("--")}@${commit}`, join(snapshots, commit)];
    }
  }
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.filter((entry) => entry.isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
