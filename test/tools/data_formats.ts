/**
 * `deno run -A test/tools/data_formats.ts FOLDER [WORD]`: reads what `test/data/formats/make_files.py FOLDER`
 * has written, and says which files were not read as they should be, or not refused in words.
 *
 * @module
 */
import { join } from "@std/path";
import { parseDataSpec } from "../../lib/data/data_spec.ts";
import { prepareData } from "../../lib/data/load_data.ts";
import type { Listing, StoredImage } from "../../lib/data/listing.ts";
import type { PublishedSet } from "../../lib/data/published_set.ts";
import type { MadeRow } from "../../lib/data/make_rows.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { decodeImage } from "../../lib/vision/decode_image.ts";

/** A case of `cases.json`. */
interface Case {
  readonly name: string;
  readonly dataset: unknown;
  /** What has to be read, in order. */
  readonly rows?: readonly {
    readonly answer?: string;
    readonly number?: number;
    readonly sha256?: string;
  }[];
  /** What the message has to have in it, where it has to be refused. */
  readonly refused?: string;
  /** It may be read, or refused in words. */
  readonly either?: boolean;
  readonly parameters?: unknown;
  /** Rows of one split alone. */
  readonly split?: string;
}

async function digestOf(image: StoredImage, where: string): Promise<string> {
  if ("missing" in image) throw new SyntaxError(`${where}: ${image.missing}`);
  const planes = "planes" in image ? image.planes : (await decodeImage(image.encoded)).data;
  const digest = await crypto.subtle.digest("SHA-256", planes as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest).toHex();
}

/** Rows and the digests of their pixels, as far as they can be read. */
async function read({ dataset, parameters, split }: Case) {
  const spec = parseDataSpec(dataset);
  if (typeof spec === "string") throw new TypeError(spec);
  const set = spec.set === undefined ? undefined : await setOf(spec.set);
  const { listing, splits } = await prepareData({
    ...{
      spec: { ...spec, split: spec.split ?? everything(spec.set) },
      seed: 0,
      parameters: parameters ?? {},
    },
    ...(set === undefined ? {} : { set }),
  });
  const rows = Object.entries(splits).filter(([name]) => split === undefined || name === split)
    .flatMap(([, rows]) => rows).toSorted((a, b) => a.place - b.place);
  return { rows, digests: await digestsOf(listing, rows) };
}

/** Small sets are split so that each split has rows. */
const everything = (set: string | undefined) =>
  set === undefined ? { train: 0.4, validation: 0.3, test: 0.3, seed: 0 } : undefined;

async function setOf(name: string): Promise<PublishedSet> {
  const module = new URL(`../../datasets/${name.replaceAll("-", "_")}.ts`, import.meta.url);
  return (await import(module.href)).default;
}

async function digestsOf(listing: Listing, rows: readonly MadeRow[]): Promise<string[]> {
  const digests: string[] = [];
  for await (const image of listing.images(rows.map(({ place }) => place))) {
    digests.push(await digestOf(image, rows[digests.length]!.where));
  }
  return digests;
}

/** What is wrong with what became of a case, if something is. */
async function judge(one: Case): Promise<string | undefined> {
  try {
    const { rows, digests } = await read(one);
    if (one.refused !== undefined) return `was read: ${rows.length} rows`;
    if (one.rows === undefined) return undefined;
    const isNumber = one.rows.some(({ number }) => number !== undefined);
    const found = rows.map(({ answer, label }, i) => `${isNumber ? label : answer} ${digests[i]}`);
    const expected = one.rows.map(({ answer, number, sha256 }) => `${answer ?? number} ${sha256}`);
    const at = expected.findIndex((row, i) => row !== found[i]);
    if (at >= 0) return `row ${at} is ${found[at]}, expected ${expected[at]}`;
    return found.length === expected.length
      ? undefined
      : `${found.length} rows, not ${expected.length}`;
  } catch (error) {
    const isTold = error instanceof DiagnosticError || error instanceof SyntaxError;
    const told = error instanceof DiagnosticError
      ? [error.message, ...error.diagnostics.flatMap(({ notes = [] }) => notes)].join("; ")
      : String(error);
    if (one.rows !== undefined || !isTold) {
      return `${isTold ? "refused" : "internal error"}: ${told}`;
    }
    const hasWord = told.toLowerCase().includes((one.refused ?? "").toLowerCase());
    if (verbose) console.log(`  ${one.name}: ${told}`);
    return hasWord ? undefined : `not told of "${one.refused}": ${told}`;
  }
}

const [folder = ".", word = ""] = Deno.args;
const verbose = Deno.args.includes("--told");
const cases: Case[] = JSON.parse(Deno.readTextFileSync(join(folder, "cases.json")));
let wrong = 0;
for (const one of cases.filter(({ name }) => name.includes(word.replace("--told", "")))) {
  const start = performance.now();
  const mistake = await judge(one);
  const ms = performance.now() - start;
  if (mistake !== undefined) wrong++;
  if (mistake !== undefined || ms > 5000) {
    console.log(`${one.name} (${ms.toFixed(0)} ms): ${mistake}`);
  }
}
console.log(
  `${cases.length} cases, ${wrong} wrong; ${(Deno.memoryUsage().rss / 1e6).toFixed(0)} MB`,
);
Deno.exit(wrong > 0 ? 1 : 0);
