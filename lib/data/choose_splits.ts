/** Divides rows into training, validation and test splits. @module */
import { suggestions } from "../diagnostic/suggest.ts";
import { Random } from "../tensor/random.ts";
import { dataFailure, quoted, someOf } from "./data_failure.ts";
import type { DataSpec } from "./data_spec.ts";
import type { SplitName } from "./dataset.ts";
import type { MadeRow } from "./make_rows.ts";
import { nearSplit, splitOfName } from "./image_names.ts";

/** The splits in order. */
export const splitNames = ["train", "validation", "test"] as const;

/** Rows of each split, in the order of the source. */
export type SplitRows = Readonly<Record<SplitName, readonly MadeRow[]>>;

/** Default shares. */
const defaultShares = { train: 0.6, validation: 0.2, test: 0.2 };

/** Share of the training rows that serves for validation where a source has none. */
const validationShare = 0.1;

/** Chosen rows, and what a reader has to know of the choice. */
export interface ChosenSplits {
  readonly rows: SplitRows;
  readonly notes: readonly string[];
  /** How many rows are in no split, and why. */
  readonly leftOut: readonly string[];
}

/**
 * Splits rows: as the source has them, or by shares. Rows of a cluster stay together, and each class
 * is shared out alike. Validation rows never come from the test split.
 *
 * @throws {DiagnosticError} If a split would be empty, or a row's split is a misspelt name.
 */
export function chooseSplits(
  rows: readonly MadeRow[],
  spec: DataSpec,
  source: string,
): ChosenSplits {
  const given = givenSplits(rows, spec.split, source);
  const seed = `split ${spec.split?.seed ?? 0}`;
  if (given === undefined) {
    const shares = sharesOf(spec.split);
    const split = shareOut(rows, shares, seed);
    return checked(split, {
      source,
      notes: [`split by shares: ${splitNames.map((name) => `${name} ${shares[name]}`).join(", ")}`],
      leftOut: [],
    });
  }
  const { leftOut } = given;
  if (given.test.length === 0 && given.validation.length > 0) {
    // Publishers with two splits call the one that they report results on `val`.
    return withValidation({ ...given, test: given.validation, validation: [] }, seed, source);
  }
  if (given.validation.length === 0 && given.test.length > 0) {
    return withValidation(given, seed, source);
  }
  if (given.test.length === 0) {
    return checked(shareOut(given.train, defaultShares, seed), {
      source,
      notes: ["split by shares: all of its rows belong to one split"],
      leftOut,
    });
  }
  return checked(given, { source, notes: [], leftOut });
}

function withValidation(given: GivenSplits, seed: string, source: string): ChosenSplits {
  const { train, validation } = shareOut(given.train, {
    train: 1 - validationShare,
    validation: validationShare,
    test: 0,
  }, seed);
  return checked({ train, validation, test: given.test }, {
    source,
    notes: [`validation rows are ${100 * validationShare} % of the training rows`],
    leftOut: given.leftOut,
  });
}

function sharesOf(split: DataSpec["split"]): Readonly<Record<SplitName, number>> {
  if (split === undefined) return defaultShares;
  const number = (value: unknown) => typeof value === "number" ? value : 0;
  const { train, validation, test } = split;
  return { train: number(train), validation: number(validation), test: number(test) };
}

/** Rows by the splits of their source. */
interface GivenSplits extends SplitRows {
  readonly leftOut: readonly string[];
}

/** Rows by the splits that the source gives them; undefined where it gives none. */
function givenSplits(
  rows: readonly MadeRow[],
  split: DataSpec["split"],
  source: string,
): GivenSplits | undefined {
  if (typeof split?.train === "number") return undefined;
  const names = new Set(rows.flatMap((row) => row.split ?? []));
  if (names.size === 0) {
    if (split === undefined) return undefined;
    throw dataFailure(source, "its rows do not name splits", [
      "give shares: split: { train: 0.6, validation: 0.2, test: 0.2 }",
    ]);
  }
  const wanted = Object.entries(split ?? {}).filter(([, name]) => typeof name === "string");
  for (const [, name] of wanted) {
    if (names.has(name as string)) continue;
    throw dataFailure(source, `it has no split "${name}"`, [
      ...suggestions(String(name), names),
      `splits: ${[...names].join(", ")}`,
    ]);
  }
  const rowsOf = (wantedName: SplitName) => {
    const asked = split?.[wantedName];
    if (typeof asked === "string") return rows.filter((row) => row.split === asked);
    if (split !== undefined) return [];
    return rows.filter((row) => splitOfName(row.split ?? "") === wantedName);
  };
  const given = {
    train: rowsOf("train"),
    validation: rowsOf("validation"),
    test: rowsOf("test"),
  };
  const chosen = new Set(splitNames.flatMap((name) => given[name]));
  const others = Map.groupBy(rows.filter((row) => !chosen.has(row)), (row) => row.split);
  if (split === undefined) checkSpelling(others);
  return { ...given, leftOut: leftOutOf(others) };
}

/** Rows that are in no split, by the name of theirs. */
type OtherRows = ReadonlyMap<string | undefined, readonly MadeRow[]>;

function checkSpelling(others: OtherRows): void {
  for (const [split, rows] of others) {
    const meant = split === undefined ? undefined : nearSplit(split);
    if (meant === undefined) continue;
    throw dataFailure(rows[0]!.where, `its split ${quoted(split!)} is not known`, [
      `did you mean "${meant}"?`,
      "name splits of your own: split: { train: NAME, validation: NAME, test: NAME }",
    ]);
  }
}

function leftOutOf(others: OtherRows): string[] {
  const told = (what: string, rows: readonly MadeRow[]) =>
    `${what}, left out: ${rows.length} (${placesOf(rows)})`;
  const unnamed = others.get(undefined);
  return [
    ...(unnamed === undefined ? [] : [told("rows without a split", unnamed)]),
    ...[...others].flatMap(([split, rows]) =>
      split === undefined ? [] : [told(`rows of split ${quoted(split)}`, rows)]
    ),
  ];
}

const placesOf = (rows: readonly MadeRow[]) => someOf(rows.map(({ where }) => where), 3);

/** A class at a time, a cluster at a time. */
function shareOut(
  rows: readonly MadeRow[],
  shares: Readonly<Record<SplitName, number>>,
  seed: string,
): SplitRows {
  const total = shares.train + shares.validation + shares.test;
  const clusters = new Map<string, MadeRow[]>();
  rows.forEach((row, i) => {
    const key = row.cluster ?? `\0${i}`;
    pushTo(clusters, key, row);
  });
  const byClass = new Map<number | undefined, MadeRow[][]>();
  for (const group of clusters.values()) {
    const [first] = group;
    pushTo(byClass, first!.label, group);
  }
  const chosen: Record<SplitName, MadeRow[]> = { train: [], validation: [], test: [] };
  const lack = splitNames.map(() => 0);
  for (const [label, groups] of byClass) {
    const order = new Random(`${seed} ${label ?? ""}`).permutation(groups.length);
    const size = groups.reduce((sum, group) => sum + group.length, 0);
    splitNames.forEach((name, i) => lack[i]! += size * shares[name] / total);
    for (const place of order) {
      const group = groups[place]!;
      // Where most is missing of what the shares ask for; what a class leaves missing, the next one fills.
      const part = lack.indexOf(Math.max(...lack));
      lack[part]! -= group.length;
      for (const row of group) chosen[splitNames[part]!].push(row);
    }
  }
  for (const name of splitNames) chosen[name].sort((a, b) => a.place - b.place);
  return chosen;
}

function checked(
  { train, validation, test }: SplitRows,
  { source, ...told }: Omit<ChosenSplits, "rows"> & { readonly source: string },
): ChosenSplits {
  const rows = { train, validation, test };
  const empty = splitNames.find((name) => rows[name].length === 0);
  if (empty === undefined) {
    checkApart(rows, source);
    return { rows, ...told };
  }
  const counts = splitNames.map((name) => `${name} ${rows[name].length}`).join(", ");
  throw dataFailure(source, `no rows are left for ${empty} (${counts})`, [
    ...told.leftOut,
    "add images, or give shares: split: { train: 0.6, validation: 0.2, test: 0.2 }",
  ]);
}

/** How many training rows are wanted. */
export interface TrainingChoice {
  readonly seed: number;
  /** Rows per class. */
  readonly shots?: number;
  /** Share of the rows, in per cent. */
  readonly percentage?: number;
}

/**
 * Chooses training rows. Those of fewer shots are among those of more with the same seed.
 *
 * @throws {DiagnosticError} If none are left.
 */
export function chooseTraining(
  rows: readonly MadeRow[],
  { seed, shots, percentage }: TrainingChoice,
  source: string,
): readonly MadeRow[] {
  if (shots === undefined && percentage === undefined) return rows;
  const byClass = new Map<number | undefined, MadeRow[]>();
  for (const row of rows) pushTo(byClass, row.label, row);
  const chosen = [...byClass].flatMap(([label, ofClass]) => {
    const order = new Random(`shots ${seed} ${label ?? ""}`).permutation(ofClass.length);
    const count = shots ?? Math.round(ofClass.length * percentage! / 100);
    return Array.from(order.slice(0, count), (place) => ofClass[place]!);
  });
  if (chosen.length > 0) return chosen.sort((a, b) => a.place - b.place);
  throw dataFailure(
    source,
    `${percentage} % of its ${rows.length} training rows is less than one row`,
  );
}

function pushTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Rows of one source in two splits would make what is tested known. */
function checkApart(rows: SplitRows, source: string): void {
  const owners = new Map<string, SplitName>();
  for (const name of splitNames) {
    for (const { cluster, where } of rows[name]) {
      if (cluster === undefined) continue;
      const owner = owners.get(cluster) ?? name;
      owners.set(cluster, owner);
      if (owner === name) continue;
      throw dataFailure(
        source,
        `${owner} and ${name} share the cluster "${cluster}" (${where})`,
        ["All rows of one source, such as a drawing or a photo, must be in one split"],
      );
    }
  }
}
