import { assertEquals } from "@std/assert";
import { renderDiagnostics } from "../../../lib/diagnostic/render.ts";
import { parsePipeline, type PipelineSpec } from "../../../lib/pipeline/read/parse.ts";

type Files = Readonly<Record<string, string>>;

class NotFound extends Error {
  override readonly name = "NotFound";
}

function reader(files: Files) {
  return (path: string) => {
    const text = files[path];
    if (text === undefined) throw new NotFound(`no ${path}`);
    return { path, text };
  };
}

async function parse(files: Files, set: readonly string[] = []): Promise<PipelineSpec> {
  const parsed = await parsePipeline(files["main.yaml"]!, {
    path: "main.yaml",
    set,
    read: reader(files),
  });
  if (parsed.ok) return parsed.value;
  throw new SyntaxError(renderDiagnostics(parsed.error, { source: (path) => files[path] }));
}

async function mistakesIn(files: Files): Promise<string> {
  try {
    await parse(files);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const nested: Files = {
  "main.yaml": "name: main\ninclude: [parts/a.yaml, b.yaml]\nvars: { own: main }\n",
  "parts/a.yaml":
    "include: [../b.yaml, c.yaml]\nvars: { own: a, first: a }\ndefaults: { timeout: 1m }\n",
  "parts/c.yaml": "stages: { c: { uses: step } }\ndefaults: { timeout: 2m, retries: 3 }\n",
  "b.yaml": "vars: { first: b, second: b }\nstages: { b: { uses: step } }\n",
};

Deno.test("includeFragments() follows includes of includes from the file that names them, each once", async () => {
  const spec = await parse(nested);
  assertEquals(spec.vars, { own: "main", first: "a", second: "b" });
  assertEquals(spec.defaults, { timeout: "1m", retries: 3 });
  assertEquals(Object.keys(spec.stages).sort(), ["b", "c"]);
});

Deno.test("parsePipeline() sets what an included file has", async () => {
  assertEquals((await parse(nested, ["second=2"])).vars?.second, 2);
  assertEquals((await parse(nested, ["stages.c.with.size=2"])).stages.c?.with, { size: 2 });
});

const mistakes: readonly { what: string; files: Files; message: string }[] = [
  {
    what: "a file that is not there, beside other mistakes",
    files: {
      "main.yaml": "name: main\ninclude: [gone.yaml, bad.yaml]\nstages: { a: { uss: step } }\n",
      "bad.yaml": "vars: { a: 1\n",
    },
    message: `main.yaml:2:11: error: Cannot include "gone.yaml": there is no such file
  2 | include: [gone.yaml, bad.yaml]
    |           ^^^^^^^^^

bad.yaml:2:1: error: Cannot parse YAML: a "{" is not closed by "}", or what it holds is not indented

main.yaml:3:11: error: stages.a.uses is missing: expected text
  3 | stages: { a: { uss: step } }
    |           ^

main.yaml:3:16: error: Unknown key "uss" in stages.a
  3 | stages: { a: { uss: step } }
    |                ^^^
    = did you mean "uses"?
    = known: "uses", "with", "matrix", "resources", "retries", "timeout", "executor", "env", "when"`,
  },
  {
    what: "files that include each other",
    files: {
      "main.yaml": "name: main\ninclude: [a.yaml]\nstages: { s: { uses: step } }\n",
      "a.yaml": "include: [b.yaml]\n",
      "b.yaml": "include: [a.yaml]\n",
    },
    message:
      `b.yaml:1:11: error: Cannot include "a.yaml": it is in a circle: a.yaml → b.yaml → a.yaml
  1 | include: [a.yaml]
    |           ^^^^^^`,
  },
  {
    what: "a stage that two files define",
    files: {
      "main.yaml": "name: main\ninclude: [a.yaml, b.yaml]\n",
      "a.yaml": "stages: { s: { uses: step } }\n",
      "b.yaml": "stages: { s: { uses: other } }\n",
    },
    message: `b.yaml:1:11: error: Cannot define stages.s again: "a.yaml" defines it too
  1 | stages: { s: { uses: other } }
    |           ^`,
  },
  {
    what: "a mistake in an included file",
    files: {
      "main.yaml": "name: main\ninclude: [a.yaml]\nstages: { s: { uses: step } }\n",
      "a.yaml": "name: a\nvars: 3\n",
    },
    message: `a.yaml:2:7: error: vars must be a map, but is 3
  2 | vars: 3
    |       ^`,
  },
];

for (const { what, files, message } of mistakes) {
  Deno.test(`includeFragments() tells of ${what}`, async () => {
    assertEquals(await mistakesIn(files), message);
  });
}
