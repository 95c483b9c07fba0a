import { assert, assertEquals, assertMatch } from "@std/assert";

const root = new URL("../../", import.meta.url);

const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

const workflows = [...Deno.readDirSync(new URL(".github/workflows/", root))]
  .map(({ name }) => `.github/workflows/${name}`);

for (const path of workflows) {
  Deno.test(`${path} names its actions by commit, and may no more than it says`, () => {
    const text = read(path);
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action]) => action!);
    assert(uses.length > 0);
    for (const action of uses) {
      assertMatch(action, /^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    assertMatch(text, /^permissions:\n {2}contents: read\n/m);
  });
}

Deno.test("one action has one commit in all workflows", () => {
  const pins = workflows.flatMap((path) => [...read(path).matchAll(/uses: (\S+)@(.+)$/gm)]);
  const commits = new Map(pins.map(([, action, commit]) => [action, commit]));
  for (const [, action, commit] of pins) assertEquals(commit, commits.get(action));
});

Deno.test("README, CI and workflows name one version of Deno", () => {
  const files = ["README.md", ".ci/run", ...workflows];
  const versions = files.flatMap((path) =>
    [...read(path).matchAll(/\bdeno(?:@|-version: v)(\d[\w.]*)(?=[\s`])/g)].map(([, version]) =>
      version
    )
  );
  assertEquals(new Set(versions).size, 1, versions.join(" "));
  // None without a version: what `npx -y deno` fetches changes from day to day.
  for (const path of files) assertEquals(/npx (-y )?deno(?!@)/.test(read(path)), false, path);
});

Deno.test("commands that people run take no package that the lock file does not name", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
  for (const name of ["pipeline", "tvp", "golden", "bench"]) {
    assertMatch(tasks[name]!, / --frozen /);
  }
  assertMatch(read(".ci/run"), /deno" check --frozen\n/);
});
