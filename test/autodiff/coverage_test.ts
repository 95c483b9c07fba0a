/** Every operator there is has a rule, a decomposition, or a reason not to (test/golden/make_op_names.py). */
import { assert, assertEquals } from "@std/assert";
import { refusedOps } from "../../lib/autodiff/table/refused_ops.ts";
import { defaultRules } from "../../lib/autodiff/table/rule_table.ts";
import opNames from "../golden/op_names.json" with { type: "json" };

/** Ops that are gone once a model is brought to opset 18. */
const upgraded = new Set(["Scatter", "Upsample"]);

/** Ops newer than the list, or that only ONNX Runtime knows in the default domain. */
const unlisted = new Set(["Swish", "TensorScatter", "SimplifiedLayerNormalization"]);

const all = Object.entries(opNames).flatMap(([domain, names]) =>
  names.map((name) => domain === "ai.onnx" ? name : `${domain}.${name}`)
);

Deno.test("every operator of opsets 7 to 23 and of com.microsoft is classified", () => {
  const known = (op: string) =>
    Object.hasOwn(defaultRules, op) || Object.hasOwn(refusedOps, op) || upgraded.has(op);
  assertEquals(all.filter((op) => !known(op)), []);
  assert(all.length > 300);
});

Deno.test("no operator is both differentiated and refused, and none is made up", () => {
  const rules = new Set(Object.keys(defaultRules));
  const refused = new Set(Object.keys(refusedOps));
  assertEquals([...rules.intersection(refused)], []);
  assertEquals([...rules.union(refused).difference(new Set(all)).difference(unlisted)], []);
});
