import { assertEquals } from "@std/assert";
import {
  durationForm,
  durationMs,
  sizeBytes,
  sizeForm,
} from "../../../lib/pipeline/read/amounts.ts";

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];

const durations: Readonly<Record<string, number>> = {
  "1.5h": 1.5 * hour,
  "20m": 20 * minute,
  "30 s": 30 * second,
  "250ms": 250,
  "2d": 2 * day,
  "1:30:00": 1.5 * hour,
  "00:05:09": 5 * minute + 9 * second,
  "100:00:00": 100 * hour,
  "2-12:00:00": 2.5 * day,
};

const sizes: Readonly<Record<string, number>> = {
  "16GiB": 2 ** 34,
  "500MB": 5e8,
  "1KiB": 1024,
  "7B": 7,
  "16G": 2 ** 34,
  "1.5 T": 1.5 * 2 ** 40,
};

Deno.test("durations and sizes are read in every form that they may be written in", () => {
  for (const [text, ms] of Object.entries(durations)) {
    assertEquals([durationForm.test(text), durationMs(text)], [true, ms], text);
  }
  for (const [text, bytes] of Object.entries(sizes)) {
    assertEquals([sizeForm.test(text), sizeBytes(text)], [true, bytes], text);
  }
  assertEquals([durationMs(3), sizeBytes(5)], [3000, 5]);
});

Deno.test("what may mean two things is no duration or size", () => {
  // Slurm reads 1:30 as minutes and seconds, people as hours and minutes.
  const durations = ["1:30", "1:60:00", "1:00:61", "1-12", "-1:00:00", "90", "1h30m", ""];
  assertEquals(durations.filter((text) => durationForm.test(text)), []);
  assertEquals(
    ["16", "16Gi", "16g", "16 gigabytes", "GB", ""].filter((text) => sizeForm.test(text)),
    [],
  );
});
