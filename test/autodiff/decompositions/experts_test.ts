import { assertEquals, assertThrows } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { moreContribCases } from "../cases/contrib.ts";
import { modelOf } from "../gradient_case.ts";

/** Forms that mixtures of experts may have, and how the message about them ends. */
const refused: readonly (readonly ["MoE" | "QMoE", string, number, string])[] = [
  ["MoE", "use_sparse_mixer", 1, "it uses the sparse mixer"],
  ["QMoE", "use_sparse_mixer", 1, "it uses the sparse mixer"],
  ["QMoE", "expert_weight_bits", 2, "its weights have 2 bits, expected 4 or 8"],
  ["QMoE", "weights_prepacked", 1, "its weights are laid out for one kind of processor"],
];

for (const [op, attribute, value, cause] of refused) {
  Deno.test(`addGradients() refuses ${op} with ${attribute} ${value}`, () => {
    const name = `com.microsoft.${op}`;
    const [, plain] = moreContribCases.find(([known]) => known === name)!;
    const gradient = (form: Readonly<Record<string, number>>) => {
      const attributes = { ...plain.attributes, ...form };
      addGradients(modelOf(name, { ...plain, attributes }, false), { of: "y0", wrt: ["x0"] });
    };
    const error = assertThrows(
      () => gradient({ [attribute]: value }),
      DiagnosticError,
    );
    assertEquals(error.message, `Cannot differentiate node "${op}_0" (${op}): ${cause}`);
    gradient({ use_sparse_mixer: 0 });
  });
}
