import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { readModelJson, readModelText } from "../../lib/models/model_file.ts";
import { configSchema, tokenizerConfigSchema } from "../../lib/models/model_schema.ts";

async function withFile(
  content: string | Uint8Array,
  test: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "config.json");
  try {
    await Deno.writeFile(path, typeof content === "string" ? utf8(content) : content);
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  Array.from(text, (sign, i) => view.setUint16(2 * i, sign.charCodeAt(0), isLittle));
  return new Uint8Array(view.buffer);
}

Deno.test("readModelText() takes a byte order mark away", async () => {
  const marked = "\ufeff{}";
  for (const content of [marked, utf16(marked, true), utf16(marked, false), "{}"]) {
    await withFile(content, async (path) => assertEquals(await readModelText(path), "{}"));
  }
});

Deno.test("readModelText() says why a file is not text", async () => {
  await withFile(Uint8Array.of(0x22, 0xc3, 0x22), async (path) => {
    const error = await assertRejects(() => readModelText(path), DiagnosticError);
    assertEquals(error.message, `Cannot read "${path}": it is not text in UTF-8`);
    assertEquals(await readModelText(`${path}.absent`), undefined);
    await Deno.mkdir(`${path}.folder`);
    await assertRejects(
      () => readModelText(`${path}.folder`),
      DiagnosticError,
      "it is not a regular file",
    );
    await Deno.symlink(`${path}.loop`, `${path}.loop`);
    await assertRejects(() => readModelText(`${path}.loop`), DiagnosticError, "Cannot read");
  });
});

Deno.test("readModelJson() names each field that does not fit", async () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["null", "its content is null, expected an object, as in { }", []],
    ["[]", "its content is [], expected an object, as in { }", []],
    [
      '{ "image_seq_length": -5, "text_config": { "eos_token_id": "x" }, "model_type": 7 }',
      "model_type is 7, expected a text",
      [
        "also: image_seq_length is -5, expected a whole number from 1 to 65536",
        'also: text_config.eos_token_id is "x", expected the number of a token, or a list of them',
      ],
    ],
    [
      '{ "image_token_index": NaN }',
      "image_token_index is NaN, expected a whole number from -1 to 2147483647",
      [],
    ],
    [
      '{ "eos_token_id": [1152921504606846976, 2] }',
      "eos_token_id[0] is 1152921504606846976, expected a whole number from -1 to 2147483647",
      [],
    ],
    ['{ "text_config": [] }', "text_config is [], expected an object, as in { }", []],
    ['{ "model_type": "llava"', "it is not JSON: Expected ',' or '}' after property value", []],
    ['{ "image_token": "<html>"', "it is not JSON: Expected ',' or '}' after property value", []],
    ["\n<!DOCTYPE html><title>Sign in</title>", "it is a web page", []],
    ["<!-- moved --><html>", "it is a web page", []],
    [
      "version https://git-lfs.github.com/spec/v1\noid sha256:0",
      "it is a pointer of Git LFS; fetch the file itself: git lfs pull",
      [],
    ],
  ];
  for (const [content, cause, notes] of cases) {
    await withFile(content, async (path) => {
      const error = await assertRejects(() => readModelJson(path, configSchema), DiagnosticError);
      const [diagnostic] = error.diagnostics;
      const expected = `Cannot read "${path}": ${cause}`;
      assertEquals(diagnostic!.message.slice(0, expected.length), expected);
      assertEquals(diagnostic!.notes, notes);
    });
  }
});

Deno.test("readModelJson() lets through what files of other families say", () =>
  withFile(
    '{ "eos_token_id": [1, 106], "pad_token_id": -1, "text_config": null, "layer_norm_eps": NaN }',
    async (path) => {
      const config = await readModelJson(path, configSchema);
      assertEquals(config?.eos_token_id, [1, 106]);
      assertEquals(config?.layer_norm_eps, NaN);
    },
  ));

Deno.test("readModelJson() takes special tokens as texts and as objects", () =>
  withFile(
    '{ "bos_token": null, "eos_token": { "content": "</s>", "lstrip": false }, "pad_token": "<pad>" }',
    async (path) => {
      const config = await readModelJson(path, tokenizerConfigSchema);
      assertEquals(config?.pad_token, "<pad>");
    },
  ));
