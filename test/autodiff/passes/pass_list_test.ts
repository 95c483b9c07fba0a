import { assertEquals } from "@std/assert";
import { formPasses, typingPasses } from "../../../lib/autodiff/passes/pass_list.ts";

const namesOf = (passes: readonly { readonly name: string }[]) => passes.map(({ name }) => name);

const typing = [
  "fold constants",
  "inline branches whose condition is known",
  "resolve sequences",
  "spell out batch statistics",
  "infer shapes",
];

Deno.test("typingPasses end with types, which the rules read", () => {
  assertEquals(namesOf(typingPasses), typing);
});

for (
  const [precision, widening] of [["model", []], ["float32", ["widen to float32"]]] as const
) {
  Deno.test(`formPasses() of precision ${precision} are in this order`, () => {
    assertEquals(namesOf(formPasses(precision)), [
      "upgrade to opset 18 or later",
      "inline functions",
      "rename what ONNX Runtime has inlined",
      ...widening,
      "unblock layouts",
      "infer shapes",
      ...typing,
      "compose layer normalizations",
    ]);
  });
}
