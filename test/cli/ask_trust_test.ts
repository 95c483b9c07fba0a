import { assertEquals, assertStringIncludes } from "@std/assert";
import { trustNotice, trustQuestion } from "../../lib/cli/ask_trust.ts";
import type { TrustItem } from "../../lib/workspace/trust_items.ts";
import { inFolder, tvp } from "./workplace.ts";

const program: TrustItem = { digest: "1", what: "program: sh a.sh" };
const plain: TrustItem = { digest: "2", what: "stage type a: a.ts", permissions: [] };
const open: TrustItem = { digest: "3", what: "stage type b (net): b.ts", permissions: ["net"] };

const rules: readonly (readonly [items: readonly TrustItem[], rule: string])[] = [
  [[program], ":\n"],
  [[program, open, plain], "; a stage type can do only what it declares, in brackets:\n"],
  [[plain], "; these stage types can only read their inputs and write their outputs:\n"],
];

Deno.test("trustQuestion() says what the kinds of code may do that are listed", () => {
  for (const [items, rule] of rules) {
    const question = trustQuestion({ file: "p.yaml" }, items);
    assertStringIncludes(question, `A program can do all that you can${rule}`);
  }
});

Deno.test("trustNotice() counts and names the command with what was set", () => {
  const file = { file: "p.yaml", set: ["vars.n=[1, 2]"] };
  assertStringIncludes(trustNotice(file, [program]), "1 piece of code that is not trusted here");
  const two = trustNotice(file, [program, plain]);
  assertStringIncludes(two, "2 pieces of code that are not trusted here");
  assertStringIncludes(two, " trust p.yaml --set 'vars.n=[1, 2]' shows");
});

const pipeline = `name: own
vars: { last: 1 }
stages:
  a:
    uses: command
    with: { run: [sh, -c, "seq \${{ vars.last }} > {outputs.t}"], outputs: { t: text } }
`;

Deno.test("the command that a refusal advises makes the same run possible", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/p.yaml`, pipeline);
    const env = { HOME: folder, XDG_CONFIG_HOME: `${folder}/config` };
    const run = ["run", "p.yaml", "--set", "vars.last=34", "--require-trust"];
    const refused = await tvp(folder, ...run, { env });
    assertEquals(refused.code, 2);
    const [, advised] = / (trust p\.yaml.*)$/m.exec(refused.err)!;
    assertEquals(advised, "trust p.yaml --set vars.last=34");
    assertEquals((await tvp(folder, ...advised!.split(" "), { env })).code, 0);
    const again = await tvp(folder, ...run, { env });
    assertEquals([again.code, again.err], [0, ""], again.out);
  }));
