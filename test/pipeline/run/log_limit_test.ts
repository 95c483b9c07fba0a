import { assert, assertEquals } from "@std/assert";
import { LogLimit } from "../../../lib/pipeline/run/log_limit.ts";

function passed(lines: Iterable<string>, reserved?: number): string[] {
  const told: string[] = [];
  const log = new LogLimit((line) => told.push(line), reserved);
  for (const line of lines) log.take(line);
  log.end();
  return told;
}

Deno.test("LogLimit passes a log on as it is", () => {
  const lines = ["", "a", "b".repeat(1_000_000)];
  assertEquals(passed(lines), lines);
});

Deno.test("LogLimit keeps the beginning and the last lines of a longer one", () => {
  const most = Math.floor((7 << 20) / 80);
  const lines = Array.from({ length: most + 100 }, (_, i) => `line ${i}`);
  assertEquals(passed(lines), [
    ...lines.slice(0, most),
    "[80 lines are left out: the log is too long]",
    ...lines.slice(-20),
  ]);
});

Deno.test("LogLimit cuts a line that is longer than a log, and says so", () => {
  assertEquals(passed(["x".repeat(9 << 20), "end"]), [
    `${"x".repeat(2_000)} [${(9 << 20) - 2_000} characters are left out]`,
    "end",
  ]);
});

// What a character takes in JSON within JSON: 1 to 4 bytes, or an escape of an escape.
for (const character of ["a", "é", "█", "😀", '"', "\\", "\t", "\x00", "\ud800"]) {
  Deno.test(`LogLimit keeps a log short enough to be pulled: ${JSON.stringify(character)}`, () => {
    const log = passed(new Array(9_000).fill(character.repeat(2_000))).map((line) => `${line}\n`);
    const payload = JSON.stringify({ log: log.join("") });
    const bytes = new TextEncoder().encode(JSON.stringify({ payload })).length;
    assert(bytes > 6.9 * 2 ** 20 && bytes < 7.5 * 2 ** 20, `${bytes} bytes`);
  });
}

Deno.test("LogLimit passes on whole what one with less room has let through", () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `${i} ${"\x00".repeat(100)}`);
  const first = passed([...lines, ...new Array(20).fill("\x00".repeat(9_000))], 1 << 20);
  assert(first.some((line) => line.endsWith("lines are left out: the log is too long]")));
  assertEquals(passed(first), first);
});
