import { assertEquals, assertRejects } from "@std/assert";
import { readTemplate, TemplateError } from "../../lib/models/render_template.ts";

const variables = { messages: [{ role: "user", content: "What is it?" }] };

async function render(source: string): Promise<string> {
  return (await readTemplate(source))(variables);
}

Deno.test("readTemplate() renders as transformers does", async () => {
  const cases: readonly [string, string][] = [
    ["{{ messages[0]['content'] }}", "What is it?"],
    ["{% if true %}\n  {% if true %}\nyes\n  {% endif %}\n{% endif %}", "yes\n"],
    ["{% if tools is not none %}tools{% endif %}{% if documents %}documents{% endif %}", ""],
    [
      "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(4, 0, -2) %}{{ i }}{% endfor %}",
      "01242",
    ],
    ["{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"],
    ["{{ date }}{{ now }}", ""],
  ];
  for (const [source, text] of cases) assertEquals(await render(source), text, source);
});

Deno.test("readTemplate() gives the template's own words", async () => {
  const cases: readonly [string, string][] = [
    ["{{ raise_exception('One image, please') }}", "One image, please"],
    ["{{ raise_exception(7) }}", "7"],
    ["{% for x in %}", 'expected an expression, got "%}", line 1'],
    ["{{ now() }}", "the name 'now' has no value"],
    ["{{ [1, 2] | random }}", "random is not supported, as equal inputs have to give equal texts"],
    ["{{ range('a') }}", "'str' object cannot be interpreted as an integer"],
    [
      `{{ ${"(".repeat(50_000)}${")".repeat(50_000)} }}`,
      "it is nested too deeply, or makes a text that is too long",
    ],
  ];
  for (const [source, message] of cases) {
    const error = await assertRejects(() => render(source), TemplateError);
    assertEquals(error.message, message, source);
  }
});

Deno.test("readTemplate() ends templates that do not end by themselves", async () => {
  const doubling = (start: string) =>
    `{% set ns = namespace(x=${start}) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}`;
  const spent = "it takes too many steps, or too much text";
  const cases: readonly [string, string][] = [
    [
      "{% for i in range(1000000000) %}{% endfor %}",
      "range() of 1000000000 items, at most 100000 are supported",
    ],
    [doubling("'a'"), spent],
    [doubling("[1]"), spent],
    ["{% for i in range(9999) %}{% for j in range(9999) %}{{ j }}{% endfor %}{% endfor %}", spent],
    ...[
      "{{ 'x'.ljust(500000000) }}",
      "{{ 'x'.zfill(500000000) }}",
      "{{ 'x' | center(500000000) }}",
      "{{ '%0500000000d' % 5 }}",
      "{{ '{:500000000}'.format('x') }}",
      `{{ '${"%0900000d".repeat(2)}' % (1, 2) }}`,
      "{{ '\\t'.expandtabs(500000000) }}",
      "{{ [1] | batch(1000000000, 0) | list }}",
      "{{ [1] | slice(1000000000) }}",
      "{{ [] * 4000000000 }}",
      "{{ ('a\n' * 100000) | indent(5000) }}",
      "{{ [1] | tojson(indent=500000000) }}",
      "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
      "{{ ('a' * 1000000).join(['a', 'a', 'a']) }}",
      `{% for i in range(9) %}${"x".repeat(200_000)}{% endfor %}`,
      `${doubling("[1]").replace("ns.x + ns.x", "[ns.x, ns.x]")}{{ ns.x }}`,
      `${doubling("[1]").replace("ns.x + ns.x", "[ns.x, ns.x]")}{{ ns.x | tojson }}`,
    ].map((source): [string, string] => [source, "it makes a text that is too long"]),
    ["{{ ('a' * 1000000).rfind('a' * 500000 + 'b') }}", "it looks for a text that is too long"],
    ["{{ ('a' * 500000 + 'b') in ('a' * 1000000) }}", "it looks for a text that is too long"],
  ];
  for (const [source, message] of cases) {
    const error = await assertRejects(() => render(source), TemplateError);
    assertEquals([error.message, error.endless], [message, true], source);
  }
});
