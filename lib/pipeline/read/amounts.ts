/** Reads times and sizes as people write them. @module */

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `1.5h`, or as Slurm has it: `1:30:00`, `2-12:00:00`. */
export const durationForm = /^(\d+(\.\d+)?\s*(ms|s|m|h|d)|(\d+-)?\d+:[0-5]?\d:[0-5]?\d)$/;

/** Milliseconds of a text of {@linkcode durationForm}, or of a number of seconds. */
export function durationMs(value: number | string): number {
  if (typeof value === "number") return value * 1000;
  const { d, h, m, s } = durationUnits;
  const clock = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(value);
  if (clock !== null) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((n) =>
      Number(n ?? 0)
    );
    return days * d + hours * h + minutes * m + seconds * s;
  }
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

/** `16GiB`, `500MB`, or as Slurm has it: `16G`, in units of 1024. */
export const sizeForm = /^\d+(\.\d+)?\s*(([KMGT]i?)?B|[KMGT])$/;

/** Bytes of a text of {@linkcode sizeForm}, or of a number of bytes. */
export function sizeBytes(value: number | string): number {
  if (typeof value === "number") return value;
  const [, number, prefix, unit] = /^([\d.]+)\s*([KMGT]?)(i?B|)$/.exec(value)!;
  return Number(number) * (unit === "B" ? 1000 : 1024) ** prefixes.indexOf(prefix!);
}
