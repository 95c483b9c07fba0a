import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { type ImageText, openChatTemplate } from "../../lib/models/chat_template.ts";
import { tokenizerConfig, withTextFiles } from "./text_rig.ts";

/** Runs a test on a template in chat_template.jinja. */
function withTemplate(
  source: string,
  test: (write: (image?: ImageText) => string, folder: string) => void,
): Promise<void> {
  return withTextFiles({ "chat_template.jinja": source }, async (folder) => {
    const template = await openChatTemplate(folder, { config: tokenizerConfig });
    test((image) => template!("What is it?", image), folder);
  });
}

const parts = "{% for c in messages[0].content %}" +
  "{{ '<image>\\n' if c.type == 'image' else c.text }}{% endfor %}";

const written: readonly [string, string, string][] = [
  ["parts", `{{ bos_token }}USER: ${parts} A:`, "<s>USER: <image>\nWhat is it? A:"],
  ["text", "USER: {{ messages[0]['content'] }}", "USER: <image>What is it?"],
  ["joined text", "{{ 'USER: ' + messages[0].content }}", "USER: <image>What is it?"],
  ["stripped text", "{{ messages[0].content.strip() }}|", "<image>What is it?|"],
  ["trimmed text", "{{ messages[0].content | trim }}|", "<image>What is it?|"],
  ["an image of its own and the text", "<image> {{ messages[0].content }}", "<image> What is it?"],
  [
    "text or parts",
    `{% if messages[0].content is string %}{{ messages[0].content }}{% else %}${parts}{% endif %}`,
    "<image>\nWhat is it?",
  ],
  [
    "text only, or a refusal",
    "{% if messages[0].content is not string %}{{ raise_exception('Only texts') }}{% endif %}{{ messages[0].content }}",
    "<image>What is it?",
  ],
  ["the end symbol", `${parts}{{ eos_token }}`, "<image>\nWhat is it?</s>"],
  ["no image in its words", "<image> What is it?", "<image> What is it?"],
];
for (const [name, source, text] of written) {
  Deno.test(`openChatTemplate() hands an instruction to a template that writes ${name}`, () =>
    withTemplate(source, (write) => assertEquals(write(), text)));
}

Deno.test("openChatTemplate() leaves tokens undefined that the tokenizer has not", () => {
  const source = "{{ bos_token }}{{ bos_token is defined }}{{ pad_token is defined }}<image>";
  return withTextFiles({ "chat_template.jinja": source }, async (folder) => {
    const config = { bos_token: null, pad_token: "<pad>" };
    const template = await openChatTemplate(folder, { config });
    assertEquals(template!("What is it?"), "FalseTrue<image>");
  });
});

Deno.test("openChatTemplate() lets an image that comes first be absent from the text", () =>
  withTemplate("{{ messages[0].content }}", (write) => {
    assertEquals(write({ mayLack: true }), "What is it?");
    assertEquals(write({ image: "<img>" }), "<img>What is it?");
  }));

const refused: readonly [string, string, string][] = [
  [
    "two images for one",
    "<image> and <image>",
    'it writes 2 placeholders "<image>" for one image: "<image> and <image>"',
  ],
  ["a refusal of its own", "{{ raise_exception('Roles must alternate') }}", "Roles must alternate"],
  [
    "what only parts have",
    "{{ messages[0].content[0].missing }}{{ messages[0].content | length }}",
    'it writes 0 placeholders "<image>" for one image: "2"; ' +
    'it writes 0 placeholders "<image>" for one image: "18"; ' +
    'it writes 0 placeholders "<image>" for one image: "11"',
  ],
  [
    "a loop without end",
    "{% for i in range(10**9) %}{% endfor %}",
    "range() of 1000000000 items, at most 100000 are supported",
  ],
];
for (const [name, source, cause] of refused) {
  Deno.test(`openChatTemplate() says why a template cannot be used: ${name}`, () =>
    withTemplate(source, (write, folder) => {
      const message = `Cannot use the chat template chat_template.jinja in "${folder}": ${cause}`;
      assertEquals(assertThrows(() => write(), DiagnosticError).message, message);
    }));
}

Deno.test("openChatTemplate() names a template that does not parse", () =>
  withTextFiles({ "chat_template.jinja": "{% for x in %}" }, async (folder) => {
    const open = () => openChatTemplate(folder, { config: {} });
    const { message } = await assertRejects(open, DiagnosticError);
    assertEquals(
      message,
      `Cannot use the chat template chat_template.jinja in "${folder}": expected an expression, got "%}", line 1`,
    );
  }));

const turn = "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}" +
  "{% for c in m.content %}{{ c.text }}{% endfor %}{% endif %}<|end|>\n{% endfor %}";
const ends: readonly [string, string | undefined][] = [
  [turn, "<|end|>\n"],
  ["{% for m in messages %}{{ m.content + '</s>' }}{% endfor %}", "</s>"],
  ["{{ messages[0].content }}", undefined],
  ["{{ raise_exception('one message, please') if messages | length > 1 }}", undefined],
];
for (const [source, end] of ends) {
  Deno.test(`ChatTemplate.afterAnswer() of ${source}`, () =>
    withTextFiles({ "chat_template.jinja": source }, async (folder) => {
      const template = await openChatTemplate(folder, { config: {} });
      assertEquals(template!.afterAnswer(), end);
    }));
}
