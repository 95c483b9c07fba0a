import { assertEquals, assertRejects } from "@std/assert";
import { readTemplate, TemplateError } from "../../../lib/models/render_template.ts";
import file from "./reference.json" with { type: "json" };

const rows = file.rows as unknown as readonly (readonly [string, string | null])[];

Deno.test("readTemplate() writes what transformers writes, and refuses what it refuses", async () => {
  for (const [template, want] of rows) {
    const render = async () => (await readTemplate(template))(structuredClone(file.context));
    if (want !== null) assertEquals(await render(), want, template);
    else await assertRejects(render, TemplateError);
  }
});
