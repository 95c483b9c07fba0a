import { assertEquals } from "@std/assert";
import { LogLimit } from "../../lib/executors/log_limit.ts";

function passed(lines: Iterable<string>): string[] {
  const told: string[] = [];
  const log = new LogLimit((line) => told.push(line));
  for (const line of lines) log.take(line);
  log.end();
  return told;
}

Deno.test("LogLimit passes a log on as it is", () => {
  const lines = ["", "a", "b".repeat(1_000_000)];
  assertEquals(passed(lines), lines);
});

Deno.test("LogLimit keeps the beginning and the last lines of a longer one", () => {
  const most = Math.floor((4 << 20) / 80);
  const lines = Array.from({ length: most + 100 }, (_, i) => `line ${i}`);
  assertEquals(passed(lines), [
    ...lines.slice(0, most),
    "[80 lines are left out: the log is too long]",
    ...lines.slice(-20),
  ]);
});

Deno.test("LogLimit cuts a line that is longer than a log", () => {
  assertEquals(passed(["x".repeat(9 << 20), "end"]), ["x".repeat(2_000), "end"]);
});
