/** Python's `strftime` for a day that never changes. @module */

/**
 * The date that templates get. Many write it into the prompt; with the real date a prompt,
 * and with it every score, would differ from day to day. Llama's templates fall back to this day.
 */
const today = new Date(Date.UTC(2024, 6, 26));

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const pad = (value: number, length = 2, sign = "0") => String(value).padStart(length, sign);
const short = (name: string | undefined) => name!.slice(0, 3);
const dayOfYear = (date: Date) =>
  Math.round((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;

/** Directives in the words of Python's documentation, for the locale C and the time zone UTC. */
const directives: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => short(days[date.getUTCDay()]),
  A: (date) => days[date.getUTCDay()]!,
  b: (date) => short(months[date.getUTCMonth()]),
  B: (date) => months[date.getUTCMonth()]!,
  d: (date) => pad(date.getUTCDate()),
  e: (date) => pad(date.getUTCDate(), 2, " "),
  f: () => "000000",
  H: (date) => pad(date.getUTCHours()),
  I: (date) => pad((date.getUTCHours() + 11) % 12 + 1),
  j: (date) => pad(dayOfYear(date), 3),
  m: (date) => pad(date.getUTCMonth() + 1),
  M: (date) => pad(date.getUTCMinutes()),
  p: (date) => date.getUTCHours() < 12 ? "AM" : "PM",
  S: (date) => pad(date.getUTCSeconds()),
  s: (date) => String(date.getTime() / 1000),
  u: (date) => String((date.getUTCDay() + 6) % 7 + 1),
  w: (date) => String(date.getUTCDay()),
  y: (date) => pad(date.getUTCFullYear() % 100),
  Y: (date) => String(date.getUTCFullYear()),
  z: () => "",
  Z: () => "",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};
/** Directives that represent others. */
const compounds: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  h: "%b",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/**
 * `strftime_now` of chat templates, on the fixed day. `%-d` leaves out a leading zero; unknown
 * directives stay as they are.
 *
 * @example
 * ```ts
 * strftimeNow("%d %b %Y"); // "26 Jul 2024"
 * ```
 */
export function strftimeNow(format: string): string {
  return format.replace(/%(-?)([^]?)/g, (directive, bare: string, letter: string): string => {
    const compound = compounds[letter];
    if (compound !== undefined) return strftimeNow(compound);
    const write = directives[letter];
    if (write === undefined) return directive;
    return bare === "" ? write(today) : write(today).replace(/^[0 ](?=.)/, "");
  });
}
