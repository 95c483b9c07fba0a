import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { copyTree } from "../../lib/models/copy_tree.ts";
import { findCases } from "./golden/case.ts";
import { compareTensors } from "./golden/compare.ts";
import { CaseWorker } from "./golden/pool.ts";

const recorded = fromFileUrl(new URL("../golden", import.meta.url));

async function runGolden(...args: string[]) {
  const program = fromFileUrl(new URL("./golden.ts", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, ...args],
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout } = await command.output();
  return { code, lines: new TextDecoder().decode(stdout).trim().split("\n") };
}

Deno.test("golden prints a line of JSON per case and totals, and fails on a failed case", async () => {
  const folder = await Deno.makeTempDir();
  await copyTree(join(recorded, "vjp", "mul_bcast"), join(folder, "a_good"));
  await copyTree(join(recorded, "vjp", "mul_bcast"), join(folder, "nested", "broken"));
  await Deno.writeTextFile(join(folder, "nested", "broken", "model.onnx"), "no model");
  await copyTree(join(recorded, "vjp", "mul_bcast"), join(folder, "wrong"));
  await Deno.copyFile(
    join(recorded, "vjp", "mul_same", "model.onnx"),
    join(folder, "wrong", "model.onnx"),
  );
  const { code, lines } = await runGolden(folder, "--json");
  const results = lines.map((line) => JSON.parse(line));
  assertEquals(code, 1);
  assertEquals(results.at(-1), { total: 3, passed: 1, failed: 2 });
  const [good, broken, wrong] = results;
  assertEquals([good.case, good.level, good.ok, good.error], ["a_good", "vjp", true, undefined]);
  assert(good.forward < 1e-6 && good.grad < 1e-6);
  assertEquals([broken.case, broken.ok, broken.forward, broken.grad], [
    "broken",
    false,
    null,
    null,
  ]);
  assertEquals([wrong.case, wrong.ok], ["wrong", false]);
  assert(wrong.error.length > 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("golden exits 2 where there is no case", async () => {
  assertEquals((await runGolden("/nowhere")).code, 2);
  assertEquals((await runGolden()).code, 2);
  assertEquals((await runGolden(recorded, "--provider", "abacus")).code, 2);
});

Deno.test("findCases() tells levels apart", () => {
  const levels = new Map(findCases(recorded).map(({ name, level }) => [name, level]));
  assertEquals(levels.get("llava"), "mllm");
  assertEquals(levels.get("mul_bcast"), "vjp");
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/case.json`, '{ "level": "directory" }');
  assertEquals(findCases(folder).map(({ level }) => level), ["directory"]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("CaseWorker goes on after a process that died or took too long", async () => {
  const program = new URL("./golden_fixtures/fickle_worker.ts", import.meta.url);
  await using worker = new CaseWorker({ limitSeconds: 20, program });
  const run = (name: string, on = worker) => on.run({ name, path: "", level: "vjp" });
  const first = await run("answers");
  assertEquals((await run("answers")).grad, first.grad);
  const died = await run("dies");
  assertEquals([died.ok, died.forward, died.error], [
    false,
    null,
    "the process ended with SIGKILL",
  ]);
  const next = await run("answers");
  assertEquals(next.ok, true);
  assertNotEquals(next.grad, first.grad);
  await using hasty = new CaseWorker({ limitSeconds: 0.5, program });
  assertStringIncludes((await run("hangs", hasty)).error!, "took more than 0.5 s");
});

Deno.test("compareTensors() judges by relative error, zeros by absolute error, integers by equality", () => {
  const floats = (...values: number[]) =>
    tensor("float32", [values.length], new Float32Array(values));
  const ints = (...values: bigint[]) =>
    tensor("int64", [values.length], BigInt64Array.from(values));
  const cases: [string, Tensor | undefined, Tensor, boolean][] = [
    ["equal", floats(1, 2), floats(1, 2), true],
    ["close", floats(3, 4.0001), floats(3, 4), true],
    ["far", floats(3, 4.1), floats(3, 4), false],
    ["zero reference, small", floats(1e-7, 0), floats(0, 0), true],
    ["zero reference, large", floats(1e-3, 0), floats(0, 0), false],
    ["equal infinities", floats(-Infinity, 2), floats(-Infinity, 2), true],
    ["infinity for a number", floats(Infinity, 2), floats(1, 2), false],
    ["NaN for a number", floats(NaN, 2), floats(1, 2), false],
    ["equal integers", ints(5n, -1n), ints(5n, -1n), true],
    ["other integers", ints(5n, 0n), ints(5n, -1n), false],
    ["other shape", floats(1), floats(1, 2), false],
    ["missing", undefined, floats(1), false],
  ];
  for (const [name, got, reference, ok] of cases) {
    const result = compareTensors(got, reference, { rtol: 1e-4, atol: 1e-6 });
    assertEquals(result.ok, ok, name);
  }
});
