import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { inFolder, tvp } from "../cli/workplace.ts";

const PIPELINE = `
name: limited
vars: { values: [a, b] }
stages:
  write: { uses: noop, matrix: { v: "\${{ vars.values }}" }, with: { value: "\${{ matrix.v }}" } }
`;

/** Text of 1000 bytes. */
const large = (letter: string) => letter.repeat(1000);

Deno.test("tvp run --cache-limit removes the longest unused results, none of its own", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(join(folder, "p.yaml"), PIPELINE);
    const run = (letters: string, ...args: readonly string[]) => {
      const values = [...letters].map(large).join(", ");
      return tvp(folder, "run", "p.yaml", "--set", `vars.values=[${values}]`, "--quiet", ...args);
    };
    const tasks = () => [...Deno.readDirSync(join(folder, ".tvp/cache/tasks"))].length;
    const ageAll = (days: number) => {
      for (const { name } of Deno.readDirSync(join(folder, ".tvp/cache/tasks"))) {
        const path = join(folder, ".tvp/cache/tasks", name);
        const used = new Date(Deno.statSync(path).mtime!.getTime() - days * 24 * 3600 * 1000);
        Deno.utimeSync(path, used, used);
      }
    };
    assertEquals((await run("abc")).code, 0);
    ageAll(2);
    assertEquals([(await run("ad")).code, tasks()], [0, 4]);
    ageAll(1);
    // Room for four: b and c, the longest unused, go.
    assertEquals([(await run("ef", "--cache-limit", "4.5KB")).code, tasks()], [0, 4]);
    assertStringIncludes((await run("ad")).out, "all cached");
    const over = await run("abcd", "--cache-limit", "2KB");
    assertEquals([over.code, tasks()], [0, 4]);
    assertMatch(
      over.err,
      /^Cannot keep the cache below 2 kB: this run alone uses 4\.\d+ kB of it\n$/,
    );
    const status = await tvp(folder, "status", "p.yaml");
    assertMatch(status.out, /Store: 4 tasks of all pipelines, 4\.\d+ kB, and 0 B of saved states/);
    const wrong = await run("a", "--cache-limit", "much");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.err, 'Cannot use "much" for --cache-limit: expected something like');
  }));
