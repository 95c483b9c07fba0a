import { assertEquals } from "@std/assert";
import { modelNameMistake, segmentMistake } from "../../lib/trust/names.ts";

Deno.test("segmentMistake() lets through what stays in its folder", () => {
  const good = ["a", "loss=tvp,seed=0", "…", ".hidden", "a b", "x.txt", "é".repeat(127)];
  const bad = ["", ".", "..", "../x", "a/b", "a\\b", "/x", "a\0b", "a\nb", "\x9b", "é".repeat(128)];
  assertEquals(good.filter((name) => segmentMistake(name) !== undefined), []);
  assertEquals(bad.filter((name) => segmentMistake(name) === undefined), []);
});

Deno.test("modelNameMistake() lets through what zoo/NAME can name", () => {
  const bad = ["..", ".x", "-x", "a b", "a/b", "é", "a:b", ""];
  assertEquals(["mini-clip", "m2.1_x"].filter((name) => modelNameMistake(name) !== undefined), []);
  assertEquals(bad.filter((name) => modelNameMistake(name) === undefined), []);
});
