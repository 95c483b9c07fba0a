/**
 * Reads fields of `preprocessor_config.json`. Each is checked when it is read, because the file may
 * come from anyone.
 *
 * @module
 */
import { type ImageSize, type Resample, resampleNames } from "./resize.ts";

/** `preprocessor_config.json`; fields that are absent take their defaults, and so do those that are null but flags. */
export type ProcessorConfig = Readonly<Record<string, unknown>>;

/** Longest edge of an image, and most pixels in it: far more than any vision encoder reads. */
const longestEdge = 16_384;
const maxPixels = 30_000_000;

/** A field that cannot be used. */
export class ProcessorFieldError extends RangeError {
  override readonly name = "ProcessorFieldError";
  /** Which field, what it is, and what is needed. */
  readonly problem: string;

  constructor(problem: string) {
    super(`Cannot build image processor: ${problem}`);
    this.problem = problem;
  }
}

/**
 * Whether a step is on; null switches it off, as in Python.
 *
 * @throws {ProcessorFieldError} If the field is neither true nor false.
 */
export function flagOf(config: ProcessorConfig, name: string, absent: boolean): boolean {
  const given = config[name] === null ? false : config[name];
  const value = given ?? absent;
  if (typeof value === "boolean") return value;
  throw misfit(name, value, "true or false");
}

/** A number other than 0. @throws {ProcessorFieldError} If the field is not one. */
export function factorOf(config: ProcessorConfig, name: string, absent: number): number {
  const value = config[name] ?? absent;
  if (typeof value === "number" && Number.isFinite(value) && value !== 0) return value;
  throw misfit(name, value, "a number other than 0");
}

/** A whole number from 1. @throws {ProcessorFieldError} If the field is not one. */
export function countOf(config: ProcessorConfig, name: string, absent?: number): number {
  const value = config[name] ?? absent;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxPixels) {
    return value;
  }
  throw misfit(name, value, `a whole number from 1 to ${maxPixels}`);
}

/** The side of a square: a number, `{height, width}`, or one edge. @throws {ProcessorFieldError} */
export function sideOf(config: ProcessorConfig, name: string): number {
  const value = config[name];
  const fields = typeof value === "number" ? { height: value } : sizeFields(value, name);
  const side = fields.longest_edge ?? fields.height ?? fields.shortest_edge;
  if (side === undefined) throw unknownSize(value, name);
  return checkedSize({ height: side, width: side }, value, name).height;
}

/** A size after a step, whatever it is made from. @throws {ProcessorFieldError} If it is not a size. */
export function imageSize(size: ImageSize, name = "size"): ImageSize {
  return checkedSize(size, [size.height, size.width], name);
}

/** A number per channel. @throws {ProcessorFieldError} If the field has other ones. */
export function channelsOf(config: ProcessorConfig, name: string): readonly number[] {
  const value = config[name];
  const list = typeof value === "number" ? [value, value, value] : value;
  if (Array.isArray(list) && list.length === 3 && list.every(Number.isFinite)) return list;
  throw misfit(name, value, "three numbers");
}

/** The filter of a resize; Pillow numbers them. @throws {ProcessorFieldError} If no filter has this number. */
export function filterOf(config: ProcessorConfig): Resample {
  const value = config.resample ?? 2; // the default of most processors is bilinear
  const filter = typeof value === "number" ? resampleNames[value] : undefined;
  if (filter !== undefined) return filter;
  throw misfit("resample", value, `0 to 5 (${resampleNames.join(", ")})`);
}

/** The size of a crop. @throws {ProcessorFieldError} If the field is not a size. */
export function fixedSize(value: unknown, name: string): ImageSize {
  if (typeof value === "number") return checkedSize({ height: value, width: value }, value, name);
  const { height, width, shortest_edge: edge } = sizeFields(value, name);
  if (height !== undefined && width !== undefined) {
    return checkedSize({ height, width }, value, name);
  }
  if (edge !== undefined) return checkedSize({ height: edge, width: edge }, value, name);
  throw unknownSize(value, name);
}

/**
 * The size of an image after resizing.
 *
 * @param options.square Whether a number means a square, and not the shortest edge.
 * @throws {ProcessorFieldError} If the field is not a size.
 */
export function resizedSize(
  value: unknown,
  from: ImageSize,
  options: { readonly square?: boolean } = {},
): ImageSize {
  if (typeof value === "number") {
    const size = options.square ? { height: value, width: value } : edgesOf(from, value);
    return checkedSize(size, value, "size");
  }
  const size = sizeFields(value, "size");
  if (size.height !== undefined && size.width !== undefined) {
    return checkedSize({ height: size.height, width: size.width }, value, "size");
  }
  if (size.max_height !== undefined && size.max_width !== undefined) {
    const ratio = Math.min(size.max_height / from.height, size.max_width / from.width);
    const fitted = {
      height: Math.trunc(from.height * ratio),
      width: Math.trunc(from.width * ratio),
    };
    return checkedSize(fitted, value, "size");
  }
  const { shortest_edge: shortest, longest_edge: longest } = size;
  const whole = Math.max(from.height, from.width);
  const edge = shortest ??
    (longest === undefined ? undefined : Math.min(from.height, from.width) * longest / whole);
  if (edge === undefined) throw unknownSize(value, "size");
  const limit = shortest === undefined ? undefined : longest;
  return checkedSize(edgesOf(from, edge, limit), value, "size");
}

/** Both edges where the shorter one is given, and the longer one may have a limit. */
function edgesOf(from: ImageSize, shortest: number, limit = Infinity): ImageSize {
  const [low, high] = [Math.min(from.height, from.width), Math.max(from.height, from.width)];
  const limited = high / low * shortest > limit;
  const exact = limited ? limit * low / high : shortest;
  const short = limited ? roundHalfEven(exact) : Math.trunc(exact);
  if (short === low) return from;
  const long = Math.trunc(exact * high / low);
  return from.height <= from.width
    ? { height: short, width: long }
    : { height: long, width: short };
}

/** Rounds as Python does: halves to the even number. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const edges = [
  "height",
  "width",
  "shortest_edge",
  "longest_edge",
  "max_height",
  "max_width",
] as const;

type SizeFields = Readonly<Partial<Record<typeof edges[number], number>>>;

function sizeFields(value: unknown, name: string): SizeFields {
  if (typeof value !== "object" || value === null) throw unknownSize(value, name);
  if (Array.isArray(value) && value.length !== 2) throw unknownSize(value, name);
  const fields: Readonly<Record<string, unknown>> = Array.isArray(value)
    ? { height: value[0], width: value[1] }
    : { ...value };
  const found = edges.map((edge) => [edge, fields[edge] ?? undefined] as const)
    .filter(([, side]) => side !== undefined);
  const odd = found.find(([, side]) => typeof side !== "number");
  if (odd) throw misfit(`${name}.${odd[0]}`, odd[1], "a number of pixels");
  return Object.fromEntries(found) as SizeFields;
}

function checkedSize(size: ImageSize, value: unknown, name: string): ImageSize {
  const { height, width } = size;
  const isEdge = (edge: number) => Number.isInteger(edge) && edge >= 1 && edge <= longestEdge;
  if (isEdge(height) && isEdge(width) && height * width <= maxPixels) return size;
  const limits = `whole numbers of pixels from 1 to ${longestEdge}, and ${maxPixels} in all`;
  throw misfit(name, value, limits);
}

function unknownSize(value: unknown, name: string): ProcessorFieldError {
  return misfit(
    name,
    value,
    "a number, {height, width}, [height, width], {shortest_edge} or {longest_edge}",
  );
}

export function misfit(name: string, value: unknown, needed: string): ProcessorFieldError {
  const shown = (typeof value === "number" ? String(value) : JSON.stringify(value)) ?? "absent";
  return new ProcessorFieldError(`${name} is ${shown}, expected ${needed}`);
}
