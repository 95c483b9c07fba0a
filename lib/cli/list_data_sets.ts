/** Lists the data sets of the project. @module */
import { toFileUrl } from "@std/path";
import type { Dataset } from "../data/dataset.ts";
import type { PublishedSet } from "../data/published_set.ts";
import { projectRoot } from "../workspace/places.ts";
import { dataPlaces } from "../workspace/sources.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { printJson, printLine, table } from "./print.ts";

/** Prints the data sets: those that are drawn, and those that are read from a publisher's files. */
export async function printDataSets(args: CommandArguments): Promise<void> {
  const { sets, module } = dataPlaces({ root: projectRoot.pathname, base: Deno.cwd() });
  const rows: string[][] = [];
  for (const name of sets) {
    const url = toFileUrl(module(name)!).href;
    const { default: set } = await import(url) as { default: Dataset | PublishedSet };
    const { kind, licence, source } = set.info;
    const given = "layout" in set ? `{ set: ${name}, folder: PATH }` : name;
    if (hasFlag(args, "json")) printJson({ dataset: given, kind, licence, source });
    else rows.push([given, kind, licence, source]);
  }
  if (rows.length > 0) printLine(table([["dataset", "task", "licence", "source"], ...rows]));
}
