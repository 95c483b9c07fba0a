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
