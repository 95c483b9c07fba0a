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
  const found: { dataset: string; kind: string; licence: string; source: string }[] = [];
  for (const name of sets) {
    const url = toFileUrl(module(name)!).href;
    const { default: set } = await import(url) as { default: Dataset | PublishedSet };
    const { kind, licence, source } = set.info;
    const dataset = "layout" in set ? `{ set: ${name}, folder: PATH }` : name;
    found.push({ dataset, kind, licence, source });
  }
  if (hasFlag(args, "json")) return found.forEach(printJson);
  const heads = table(found.map(({ dataset, kind }) => [dataset, kind])).split("\n");
  // Licences and sources are long: a line for each keeps them whole in a narrow terminal.
  found.forEach(({ licence, source }, i) => {
    for (const line of [heads[i]!, `  licence: ${licence}`, `  from: ${source}`]) printLine(line);
  });
}
