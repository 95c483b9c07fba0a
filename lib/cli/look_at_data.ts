/** Runs `tvp data inspect` and `tvp data preview`. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { join, toFileUrl } from "@std/path";
import type { Dataset } from "../data/dataset.ts";
import { isThere } from "../data/is_there.ts";
import type { DataReport, SplitReport } from "../data/inspect_data.ts";
import { prepareData, type PreparedData } from "../data/load_data.ts";
import type { PublishedSet } from "../data/published_set.ts";
import { parseYaml, YamlError } from "../diagnostic/yaml_core.ts";
import { treeProblems } from "../pipeline/read/yaml_tree.ts";
import { findData, isDataText, isPublished, needsFiles } from "../workspace/data_sources.ts";
import { projectRoot } from "../workspace/places.ts";
import { dataPlaces } from "../workspace/sources.ts";
import { type CommandArguments, hasFlag, numberOption, textOption } from "./command.ts";
import { count, printJson, printLine, table } from "./print.ts";
import { refuseSources, writing } from "./writing.ts";

/** Lists the files that an operand names, or draws the set. */
async function prepared(operand: string): Promise<PreparedData> {
  const places = dataPlaces({ root: projectRoot.pathname, base: Deno.cwd() });
  const isFile = isDataText(operand) || isThere(operand);
  const own = isFile ? undefined : places.module(operand);
  if (own !== undefined) return await drawn(operand, own);
  const { spec, module } = await findData(textOf(operand), places);
  const set = module === undefined
    ? undefined
    : (await import(toFileUrl(module).href) as { default: PublishedSet }).default;
  const parameters = set?.parameters?.parse({});
  return await prepareData({ spec, ...(set === undefined ? {} : { set }), parameters, seed: 0 });
}

/** The images of a set whose module draws them; a publisher's files lie where the user says. */
async function drawn(name: string, module: string): Promise<PreparedData> {
  if (isPublished(module)) {
    const { cause, notes } = needsFiles(name);
    throw diagnosticError("unknown-dataset", `Cannot use data ${name}: ${cause}`, notes);
  }
  const { drawnData } = await import("../data/drawn_data.ts");
  const { defaultDownloads } = await import("../drawing/fetch_art.ts");
  const { default: set } = await import(toFileUrl(module).href) as { default: Dataset };
  return await drawnData(set, { downloads: defaultDownloads });
}

/** A map as JSON; anything else is a path. */
function textOf(operand: string): string {
  if (!operand.trim().startsWith("{")) {
    return isDataText(operand) ? operand : `./${operand}`;
  }
  const value = mapOf(operand);
  const [problem] = treeProblems(value);
  if (problem === undefined) return JSON.stringify(value);
  const { message, notes = [] } = problem;
  throw diagnosticError(
    "usage",
    message.replace(/^Cannot use the file/, `Cannot read ${operand}`),
    notes,
  );
}

function mapOf(operand: string): unknown {
  try {
    return parseYaml(operand);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw diagnosticError("usage", `Cannot read ${operand}: ${error.message}`);
  }
}

/** The number of names shown of a long list; the JSON has all. */
const maxShown = 20;

/** Prints what the data hold. @returns Whether every image can be read. */
export async function printReport(args: CommandArguments, operand: string): Promise<boolean> {
  const { inspectData } = await import("../data/inspect_data.ts");
  const report = await inspectData(await prepared(operand));
  if (hasFlag(args, "json")) printJson(report);
  else printText(report);
  return report.broken.length === 0;
}

function printText({ name, kind, licence, source, notes, splits, broken, duplicates }: DataReport) {
  printLine(`${name}: ${kind}, licence ${licence}, ${source}`);
  for (const note of notes) printLine(`  ${note}`);
  const rows = Object.entries(splits).map(([split, { rows, width, height }]) => [
    split,
    String(rows),
    width[0] > width[1] ? "none can be read" : `${range(width)} × ${range(height)}`,
  ]);
  printLine(table([["split", "rows", "pixels"], ...rows]));
  printLine();
  printLine(table(classRows(splits)));
  printList(
    count(broken.length, "broken image"),
    broken.map(({ where, cause }) => `${where}: ${cause}`),
  );
  printList(
    `${count(duplicates.length, "image")} in two splits`,
    duplicates.map(({ a, b, kind }) => `${a} and ${b}: ${kind}`),
  );
}

const range = ([least, most]: SplitReport["width"]) =>
  least === most ? `${least}` : `${least}–${most}`;

function classRows(splits: DataReport["splits"]): string[][] {
  const all = Object.values(splits);
  const names = [...new Set(all.flatMap(({ classes }) => Object.keys(classes)))];
  const shown = names.slice(0, maxShown).map((name) => [
    name,
    ...all.map(({ classes }) => String(classes[name] ?? 0)),
  ]);
  const more = names.length - shown.length;
  return [
    ["answer", ...Object.keys(splits)],
    ...shown,
    ...(more > 0 ? [[`and ${more} more`]] : []),
  ];
}

function printList(title: string, lines: readonly string[]): void {
  printLine();
  printLine(title);
  for (const line of lines.slice(0, maxShown)) printLine(`  ${line}`);
  if (lines.length > maxShown) {
    printLine(`  and ${lines.length - maxShown} more (--json has all)`);
  }
}

/** Writes a contact sheet. @throws {DiagnosticError} If its name ends neither in .html nor in .png. */
export async function writeSheet(args: CommandArguments, operand: string): Promise<void> {
  const { sheetHtml, sheetPng, thumbnails } = await import("../data/contact_sheet.ts");
  const path = textOption(args, "output") ?? "preview.html";
  if (!/\.(?:html?|png)$/i.test(path)) {
    throw diagnosticError(
      "usage",
      `Cannot write "${path}": expected a name that ends in .html or .png`,
    );
  }
  const data = await prepared(operand);
  await refuseSources(path, data.listing.files?.() ?? []);
  const all = await thumbnails(data, numberOption(args, "each") ?? 40);
  const bytes = /\.png$/i.test(path)
    ? await sheetPng(all)
    : new TextEncoder().encode(await sheetHtml(data.info.name, all));
  await writing(path, () => Deno.writeFile(path, bytes));
  printLine(`wrote ${join(path)}: ${all.length} images`);
}
