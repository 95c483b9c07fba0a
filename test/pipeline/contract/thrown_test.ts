import { assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { shownPath } from "../../../lib/pipeline/contract/shown_path.ts";
import { thrownDiagnostic } from "../../../lib/pipeline/contract/thrown.ts";
import { inFolder } from "../../cli/workplace.ts";

const root = new URL("../../../", import.meta.url);

/** What each module throws when its default export is called, and what is told of it. */
const cases: readonly {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly notes: readonly string[];
}[] = [
  {
    name: "a mistake in a function",
    code: `function inner(x: any): unknown {
  return x.a.b;
}
export default async function outer() {
  await Promise.resolve();
  return inner({});
}`,
    message: "TypeError in DIR/m.ts:2:14: Cannot read properties of undefined (reading 'b')",
    notes: ["2 |   return x.a.b;", "called from outer, DIR/m.ts:6:10"],
  },
  {
    name: "one that comes out of our code",
    code: `import { resolveLoss } from "${root.href}lib/losses/variants.ts";
export default () =>
  resolveLoss("nosuch");`,
    message: 'RangeError in DIR/m.ts:3:3: Cannot train with loss "nosuch": ' +
      'known variants: "vp", "tvp", "lm+fca", "lm+tse", "lm+mid", "lm+fia"',
    notes: ['3 |   resolveLoss("nosuch");'],
  },
  {
    name: "one with a cause",
    code: `export default () => {
  throw new Error("outer\\nsecond line", { cause: new RangeError("inner") });
};`,
    message: "Error in DIR/m.ts:2:9: outer",
    notes: [
      '2 |   throw new Error("outer\\nsecond line", { cause: new RangeError("inner") });',
      "because of RangeError in DIR/m.ts:2:50: inner",
    ],
  },
  {
    name: "what the system says",
    code: `export default () =>
  Deno.readTextFileSync("/there/is/none");`,
    message: "NotFound in DIR/m.ts:2:8: " +
      "No such file or directory (os error 2): readfile '/there/is/none'",
    notes: ['2 |   Deno.readTextFileSync("/there/is/none");'],
  },
  {
    name: "what is not an Error",
    code: `export default () => {
  throw { reason: "none" };
};`,
    message: 'DIR/m.ts threw { reason: "none" }, which is not an Error and so has no line',
    notes: [],
  },
  {
    name: "an error without a stack",
    code: `export default () => {
  throw Object.assign(new Error("bare"), { stack: undefined });
};`,
    message: "Error in DIR/m.ts: bare",
    notes: [],
  },
];

for (const { name, code, message, notes } of cases) {
  Deno.test(`thrownDiagnostic() names the place in a user's code: ${name}`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.ts");
      await Deno.writeTextFile(path, code);
      const url = toFileUrl(path).href;
      const { default: run } = await import(url) as { default: () => unknown };
      const told = await Promise.resolve().then(run).then(
        () => undefined,
        (error) => thrownDiagnostic(error, url),
      );
      const inFolderOf = (text: string) =>
        text.replaceAll("DIR/m.ts", shownPath(path)).replaceAll("DIR", folder);
      assertEquals(told?.message, inFolderOf(message));
      assertEquals(told?.notes, notes.map(inFolderOf));
    }));
}

Deno.test("thrownDiagnostic() says nothing of a mistake in our code", () => {
  const url = new URL("stages/noop.ts", root).href;
  const error = new TypeError("ours");
  error.stack = `TypeError: ours\n    at run (${url}:3:4)`;
  assertEquals(thrownDiagnostic(error, url), undefined);
});
