import { assertEquals } from "@std/assert";
import { deltaName, interval, points, probability, signed } from "../../lib/report/words.ts";

Deno.test("points() rounds halves up, whichever binary fraction is near them", () => {
  const rows: readonly (readonly [share: number, text: string])[] = [
    [0.561, "56.1"],
    [0.4755, "47.6"], // 100 × 0.4755 is 47.55, whose binary fraction is below the half
    [0.47549999999999998, "47.6"],
    [(0.461 + 0.49) / 2, "47.6"],
    [0.4154999, "41.5"],
    [0, "0.0"],
    [-0, "0.0"],
    [-0.0004, "0.0"],
    [-0.0005, "−0.1"],
    [1, "100.0"],
  ];
  for (const [share, text] of rows) assertEquals(points(share), text, `${share}`);
});

Deno.test("signed() has a sign, and none but plus for what rounds to zero", () => {
  assertEquals([0.074, -0.0125, -0.0004, 0].map(signed), ["+7.4", "−1.3", "+0.0", "+0.0"]);
  assertEquals(interval([-0.004, 0.028]), "[−0.4, +2.8]");
});

Deno.test("deltaName() gives a weak δ two digits, and none a dash", () => {
  const rows: readonly (readonly [rms: number, peak: number, text: string])[] = [
    [0, 0, "–"],
    [0.24, 0.9, "0.24 (peak 0.90)"],
    [2.346, 12, "2.35 (peak 12.00)"],
    [0.0005, 0.00171, "0.00050 (peak 0.0017)"],
  ];
  for (const [rms, peak, text] of rows) assertEquals(deltaName({ rms, peak }), text);
});

Deno.test("probability() bounds what is small", () => {
  assertEquals([0.5, 0.0014, 0.001, 0.0009999].map(probability), [
    "0.500",
    "0.001",
    "0.001",
    "< 0.001",
  ]);
});
