import { assertEquals } from "@std/assert";
import { schemaText } from "../../lib/cli/commands/schema.ts";

Deno.test("pipelines/schema.json is current: deno task tvp schema > pipelines/schema.json", async () => {
  const path = new URL("../../pipelines/schema.json", import.meta.url);
  assertEquals(JSON.parse(await Deno.readTextFile(path)), JSON.parse(await schemaText()));
});

Deno.test("the schema offers the parameters of every stage type, each or a reference", async () => {
  const schema = JSON.parse(await schemaText());
  const { allOf, properties } = schema.$defs.stage;
  const command = allOf.find((rule: { if: { properties: { uses: { const: string } } } }) =>
    rule.if.properties.uses.const === "command"
  );
  assertEquals(properties.uses.examples.includes("command"), true);
  assertEquals(Object.keys(command.then.properties.with.properties), [
    "run",
    "inputs",
    "files",
    "outputs",
  ]);
  assertEquals(command.then.properties.with.required, ["run", "outputs"]);
});

Deno.test("the schema takes references inside maps that are one form of several", async () => {
  const schema = JSON.parse(await schemaText());
  const prompt = schema.$defs.stage.allOf.find((
    rule: { if: { properties: { uses: { const: string } } } },
  ) => rule.if.properties.uses.const === "optimize-prompt");
  const [{ anyOf: forms }] = prompt.then.properties.with.properties.loss.anyOf;
  const weights = forms.find((form: { type: string }) => form.type === "object");
  const types = weights.properties.fca.anyOf.map(({ type }: { type: string }) => type);
  assertEquals(types, ["number", "string"]);
});

Deno.test("the schema takes files that are included by others", async () => {
  assertEquals("required" in JSON.parse(await schemaText()), false);
});
