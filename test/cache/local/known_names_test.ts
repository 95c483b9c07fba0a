import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { KnownNames } from "../../../lib/cache/local/known_names.ts";
import { withFolder } from "../rig.ts";

const inFolder = (use: (folder: string) => void): Promise<void> =>
  withFolder((folder) => Promise.resolve(use(folder)));

/** Looked for in vain often enough for the folder to be listed. */
function manyMisses(names: KnownNames): void {
  for (let i = 0; i < 64; i++) names.miss();
}

Deno.test("KnownNames asks for the file itself as long as few were missed", () =>
  inFolder((folder) => {
    const names = new KnownNames(folder);
    names.miss();
    assertEquals(names.lacks(join(folder, "none")), false);
  }));

Deno.test("KnownNames trusts no list of a folder that changed a moment ago", () =>
  inFolder((folder) => {
    const names = new KnownNames(folder);
    manyMisses(names);
    assertEquals(names.lacks(join(folder, "none")), false);
    Deno.writeTextFileSync(join(folder, "none"), "");
    assertEquals(names.lacks(join(folder, "none")), false);
  }));

Deno.test("KnownNames knows that a folder that is not there has no names", () =>
  inFolder((folder) => {
    const names = new KnownNames(join(folder, "tasks"));
    manyMisses(names);
    assertEquals(names.lacks(join(folder, "tasks", "none")), true);
    Deno.mkdirSync(join(folder, "tasks"));
    assertEquals(names.lacks(join(folder, "tasks", "none")), false);
  }));

Deno.test("KnownNames lists a settled folder, and sees what others add to it", () =>
  inFolder((folder) => {
    Deno.mkdirSync(join(folder, "old"));
    const names = new KnownNames(folder, () => Date.now() + 3000);
    manyMisses(names);
    assertEquals([names.lacks(join(folder, "new")), names.lacks(join(folder, "old"))], [
      true,
      false,
    ]);
    const listed = Deno.statSync(folder).ctime;
    // The clock of a file system may go in steps of some milliseconds.
    for (let i = 0; Deno.statSync(folder).ctime?.getTime() === listed?.getTime(); i++) {
      Deno.mkdirSync(join(folder, `other${i}`));
    }
    Deno.writeTextFileSync(join(folder, "new"), "");
    assertEquals(names.lacks(join(folder, "new")), false);
  }));
