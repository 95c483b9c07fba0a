/** Reads times and sizes as people write them. @module */

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `30s`, `1.5h`, or of a number of seconds. */
export function durationMs(value: number | string): number {
  if (typeof value === "number") return value * 1000;
  const [, number, unit] = /^([\d.]+)\s*(\w+)$/.exec(value)!;
  return Number(number) * durationUnits[unit as keyof typeof durationUnits];
}

/** A duration as it may be written, in the largest unit of which it is a whole number: `90 s`, `2 h`. */
export function durationText(ms: number): string {
  const units = Object.entries(durationUnits);
  const [unit, length] = units.findLast(([, length]) => ms % length === 0) ?? units[0]!;
  return `${ms / length} ${unit}`;
}

const prefixes = ["", "K", "M", "G", "T"];

/** Bytes of `16GiB`, `500MB`, or of a number of bytes. */
export function sizeBytes(value: number | string): number {
  if (typeof value === "number") return value;
  const [, number, prefix, binary] = /^([\d.]+)\s*([KMGT]?)(i?)B$/.exec(value)!;
  return Number(number) * (binary ? 1024 : 1000) ** prefixes.indexOf(prefix!);
}
