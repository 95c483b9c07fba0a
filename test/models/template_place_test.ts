import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { findChatTemplate } from "../../lib/models/template_place.ts";
import { type TextFiles, withTextFiles } from "./text_rig.ts";

function withTemplates(
  { tokenizer, ...files }: { readonly tokenizer?: unknown; readonly [name: string]: unknown },
  test: (find: () => ReturnType<typeof findChatTemplate>, folder: string) => Promise<void>,
): Promise<void> {
  return withTextFiles(
    files as TextFiles,
    (folder) => test(() => findChatTemplate(folder, { chat_template: tokenizer }), folder),
  );
}

const processor = { "processor_config.json": { chat_template: "processor" } };
const json = { "chat_template.json": { chat_template: "json" } };
const jinja = { "chat_template.jinja": "\ufeffjinja" };
const more = { "additional_chat_templates/tool_use.jinja": "tool_use" };
const named = [{ name: "tool_use", template: "t" }, { name: "default", template: "d" }];
const map = { tool_use: "t", default: "d" };

const found: readonly [string, Parameters<typeof withTemplates>[0], unknown][] = [
  ["no place", {}, undefined],
  [
    "empty places",
    { "processor_config.json": { chat_template: null }, tokenizer: null },
    undefined,
  ],
  ["tokenizer_config.json", { tokenizer: "t" }, { name: "tokenizer_config.json", source: "t" }],
  ["a list", { tokenizer: named }, { name: '"default" of tokenizer_config.json', source: "d" }],
  ["a map", { tokenizer: map }, { name: '"default" of tokenizer_config.json', source: "d" }],
  ["chat_template.jinja", { ...jinja, tokenizer: "t" }, {
    name: "chat_template.jinja",
    source: "jinja",
  }],
  [
    "chat_template.jinja beside named ones",
    { ...jinja, ...more, tokenizer: "t" },
    { name: '"default" of chat_template.jinja', source: "jinja" },
  ],
  [
    "a default among named files",
    { ...more, "additional_chat_templates/default.jinja": "d", tokenizer: "t" },
    { name: '"default" of chat_template.jinja', source: "d" },
  ],
  ["chat_template.json", { ...json, ...jinja, tokenizer: "t" }, {
    name: "chat_template.json",
    source: "json",
  }],
  [
    "a list in chat_template.json",
    { "chat_template.json": { chat_template: named } },
    { name: '"default" of chat_template.json', source: "d" },
  ],
  [
    "processor_config.json",
    { ...processor, ...json, ...jinja, tokenizer: "t" },
    { name: "processor_config.json", source: "processor" },
  ],
  [
    "a map in processor_config.json",
    { "processor_config.json": { chat_template: map }, ...jinja },
    { name: '"default" of processor_config.json', source: "d" },
  ],
];
for (const [name, files, source] of found) {
  Deno.test(`findChatTemplate() takes the template of ${name}`, () =>
    withTemplates(files, async (find) => assertEquals(await find(), source as never)));
}

const forms = "expected a text, or several as { NAME: TEXT } or [{ name, template }]";
const refused: readonly [Parameters<typeof withTemplates>[0], string, string][] = [
  [{ tokenizer: 5 }, "tokenizer_config.json", `its chat_template is 5, ${forms}`],
  [
    { tokenizer: [{ name: "rag", template: "r" }] },
    "tokenizer_config.json",
    'none of its chat templates is called "default"',
  ],
  [{ tokenizer: {} }, "tokenizer_config.json", 'none of its chat templates is called "default"'],
  [
    { ...more, tokenizer: "t" },
    "chat_template.jinja",
    'none of its chat templates is called "default"',
  ],
  [
    { tokenizer: [{ name: "default", template: null }] },
    "tokenizer_config.json",
    'its chat template "default" is not text',
  ],
  [
    { tokenizer: ["text"] },
    "tokenizer_config.json",
    `an entry of its chat_template has no name, ${forms}`,
  ],
  [
    { "chat_template.json": null },
    "chat_template.json",
    "its content is null, expected an object, as in { }",
  ],
  [{ "chat_template.json": {} }, "chat_template.json", 'it has no "chat_template"'],
];
for (const [files, file, cause] of refused) {
  Deno.test(`findChatTemplate() refuses ${JSON.stringify(files)}`, () =>
    withTemplates(files, async (find, folder) => {
      const { message } = await assertRejects(find, DiagnosticError);
      assertEquals(message, `Cannot read "${folder}/${file}": ${cause}`);
    }));
}
