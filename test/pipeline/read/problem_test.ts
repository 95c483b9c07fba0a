import { assertEquals } from "@std/assert";
import { eachOnce, type Problem } from "../../../lib/pipeline/read/problem.ts";

Deno.test("eachOnce() tells a mistake where it is met first, and names the other places", () => {
  const at = (stage: string, same?: string): Problem => ({
    code: "x",
    path: ["stages", stage, "uses"],
    message: stage,
    ...(same === undefined ? {} : { same, notes: ["known: y"] }),
  });
  const problems = [at("a", "1"), at("b"), at("c", "1"), at("d"), at("e", "2"), at("f", "1")];
  assertEquals(eachOnce(problems).map(({ message, notes }) => [message, notes]), [
    ["a", ["known: y", "also in stages.c.uses, stages.f.uses"]],
    ["b", undefined],
    ["d", undefined],
    ["e", ["known: y"]],
  ]);
  const many = Array.from({ length: 8 }, (_, i) => at(`s${i}`, "1"));
  assertEquals(eachOnce(many)[0]!.notes!.at(-1)!.endsWith("stages.s5.uses and 2 more"), true);
});
