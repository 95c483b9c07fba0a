/** Formats whose readers do what none may do: they show that the campaign finds it. @module */
import { type Format, formatOf, mustHold, type OpenFormat } from "./format.ts";

function reader(read: Format<number>["read"], seeds: readonly number[] = []): OpenFormat {
  return () => Promise.resolve(formatOf({ seeds, generate: (random) => random.integer(99), read }));
}

/** What a careless reader does: whatever went wrong, nobody hears of it. */
function quietly(work: () => unknown): OpenFormat {
  return reader(async () => {
    try {
      await work();
    } catch {
      // Nobody hears of it.
    }
  });
}

/** An error of somebody else's code. */
class LibraryError extends Error {}

/** By what they do. */
export const plantedFormats = {
  "planted-crash": reader(() => (undefined as unknown as { x: { y: number } }).x.y),
  "planted-depth": reader(function deeper(n): number {
    return 1 + Number(deeper(n + 1));
  }),
  "planted-library": reader(() => {
    throw new LibraryError("Cannot parse it");
  }),
  "planted-words": reader(() => {
    throw new SyntaxError("Cannot read it: Cannot read properties of undefined (reading 'x')");
  }),
  "planted-hang": reader(() => {
    for (;;);
  }),
  "planted-waiting": reader(() => new Promise(() => setInterval(() => {}, 1000))),
  "planted-pending": reader(() => new Promise(() => {})),
  "planted-late": reader(async () => {
    void Promise.reject(new Error("nobody waits for it"));
    await new Promise((done) => setTimeout(done, 1));
  }),
  "planted-memory": reader(() => {
    const kept: Uint8Array[] = [];
    for (;;) kept.push(new Uint8Array(2 ** 24).fill(1));
  }),
  "planted-peak": reader(() => void new Uint8Array(2 ** 29).fill(1)),
  "planted-write": reader(() => Deno.writeTextFileSync("planted.txt", "x")),
  "planted-quiet-write": quietly(() => Deno.writeTextFileSync("../planted.txt", "x")),
  "planted-quiet-read": quietly(() => Deno.readTextFileSync("/etc/hostname")),
  "planted-quiet-look": quietly(() => Deno.statSync("/etc/hostname")),
  "planted-quiet-run": quietly(() => new Deno.Command("true").outputSync()),
  "planted-quiet-fetch": quietly(() => fetch("http://127.0.0.1:9/")),
  "planted-nonsense": reader(() => mustHold(false, "a size below 0")),
  "planted-seed": reader((n) => mustHold(n < 100, "a seed that is none"), [100]),
  "planted-exit": reader(() => Deno.exit(3)),
} satisfies Record<string, OpenFormat>;
