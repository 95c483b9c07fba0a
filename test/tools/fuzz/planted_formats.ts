/** Formats whose readers do what none may do: they show that the campaign finds it. @module */
import { type Format, formatOf, mustHold, type OpenFormat } from "./format.ts";

function reader(read: Format<number>["read"]): OpenFormat {
  return () => Promise.resolve(formatOf({ generate: (random) => random.integer(2 ** 32), read }));
}

/** By what they do. */
export const plantedFormats = {
  "planted-crash": reader(() => (undefined as unknown as { x: { y: number } }).x.y),
  "planted-depth": reader(function deeper(n): number {
    return 1 + Number(deeper(n + 1));
  }),
  "planted-hang": reader(() => {
    for (;;);
  }),
  "planted-memory": reader(() => {
    const kept: Uint8Array[] = [];
    for (;;) kept.push(new Uint8Array(2 ** 24).fill(1));
  }),
  "planted-write": reader(() => Deno.writeTextFileSync("planted.txt", "x")),
  "planted-nonsense": reader(() => mustHold(false, "a size below 0")),
  "planted-exit": reader(() => Deno.exit(3)),
} satisfies Record<string, OpenFormat>;
