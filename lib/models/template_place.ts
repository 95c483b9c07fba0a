/**
 * Finds the chat template of a model directory. Hugging Face has used five places for it.
 *
 * @module
 */
import { join } from "@std/path";
import { readModelJson, readModelText, unreadable } from "./model_file.ts";
import { chatTemplateSchema, processorSchema } from "./model_schema.ts";

/** A template, and what to call it in messages. */
export interface TemplateSource {
  /** `chat_template.jinja`, or `"default" of tokenizer_config.json`. */
  readonly name: string;
  readonly source: string;
}

const templateFile = "chat_template.jinja";
const templateFolder = "additional_chat_templates";

/**
 * Finds the chat template of a directory. The first place that has one wins, as in transformers 5:
 *
 * 1. `chat_template` in processor_config.json
 * 2. chat_template.json
 * 3. chat_template.jinja, with others by name in additional_chat_templates/
 * 4. `chat_template` in tokenizer_config.json
 *
 * Each holds one template, or several by name, of which "default" is meant.
 *
 * @param tokenizerConfig tokenizer_config.json.
 * @returns Undefined where there is none.
 * @throws {DiagnosticError} If a file cannot be read, or there is no default among the named ones.
 */
export async function findChatTemplate(
  directory: string,
  tokenizerConfig: Readonly<Record<string, unknown>>,
): Promise<TemplateSource | undefined> {
  const path = (file: string) => join(directory, file);
  const processor = await readModelJson(path("processor_config.json"), processorSchema);
  const alone = await readModelJson(path("chat_template.json"), chatTemplateSchema);
  if (alone !== undefined && alone.chat_template === undefined) {
    throw unreadable(path("chat_template.json"), 'it has no "chat_template"');
  }
  return pick(path("processor_config.json"), processor?.chat_template) ??
    pick(path("chat_template.json"), alone?.chat_template) ??
    pick(path(templateFile), await readTemplateFiles(directory)) ??
    pick(path("tokenizer_config.json"), tokenizerConfig.chat_template);
}

/** The template of chat_template.jinja, or all by name where the folder has more. */
async function readTemplateFiles(directory: string): Promise<unknown> {
  const main = await readModelText(join(directory, templateFile));
  const more = await templatesIn(join(directory, templateFolder));
  if (more.length === 0) return main;
  const entries = await Promise.all(more.map(async (file) => {
    return [
      file.slice(0, -".jinja".length),
      await readModelText(join(directory, templateFolder, file)),
    ];
  }));
  return { ...Object.fromEntries(entries), ...(main === undefined ? {} : { default: main }) };
}

async function templatesIn(folder: string): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    return names.filter((name) => name.endsWith(".jinja")).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw unreadable(folder, error instanceof Error ? error.message : String(error));
  }
}

/** The template that a value holds: a text, or one of a list or map of named ones. */
function pick(path: string, value: unknown): TemplateSource | undefined {
  if (value === undefined || value === null) return undefined;
  const file = path.slice(path.lastIndexOf("/") + 1);
  if (typeof value === "string") return { name: file, source: value };
  const named = byName(path, value);
  const source = named.get("default");
  if (typeof source === "string") return { name: `"default" of ${file}`, source };
  if (named.has("default")) throw unreadable(path, 'its chat template "default" is not text');
  throw unreadable(
    path,
    'none of its chat templates is called "default"',
    `It has: ${[...named.keys()].join(", ") || "none"}`,
  );
}

function byName(path: string, value: unknown): ReadonlyMap<string, unknown> {
  if (!Array.isArray(value)) {
    if (typeof value === "object") return new Map(Object.entries(value!));
    throw unreadable(path, `its chat_template is ${JSON.stringify(value)}, ${forms}`);
  }
  return new Map(value.map((entry): [string, unknown] => {
    const { name, template } = Object(entry) as Readonly<Record<string, unknown>>;
    if (typeof name === "string") return [name, template];
    throw unreadable(path, `an entry of its chat_template has no name, ${forms}`);
  }));
}

const forms = "expected a text, or several as { NAME: TEXT } or [{ name, template }]";
