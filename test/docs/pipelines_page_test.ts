import { assertEquals } from "@std/assert";
import { pageText, root } from "./pages.ts";

const page = pageText("docs/pipelines.md");

Deno.test("docs/pipelines.md names every key of the language", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("pipelines/schema.json", root)));
  const keys = [
    ...Object.keys(schema.properties),
    ...Object.keys(schema.$defs.stage.properties),
    ...Object.keys(schema.$defs.stage.properties.resources.properties),
  ].filter((key) => key !== "$schema" && key !== "description");
  assertEquals(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(page)), []);
});

Deno.test("every key of the schema has a description", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("pipelines/schema.json", root)));
  const missing: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { properties } = value as { properties?: Record<string, { description?: string }> };
    for (const [key, property] of Object.entries(properties ?? {})) {
      const hasWords = property.description !== undefined || "const" in property;
      if (typeof property === "object" && !hasWords) missing.push(`${path}.${key}`);
    }
    for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
  };
  visit(schema, "");
  assertEquals(missing, []);
});
