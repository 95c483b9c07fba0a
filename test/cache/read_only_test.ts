import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { canMount, withFolder } from "./rig.ts";

const main = fromFileUrl(new URL("../../lib/cli/main.ts", import.meta.url));

const PIPELINE = `
name: readonly
vars: { text: old }
stages:
  a: { uses: noop, with: { value: one } }
  b: { uses: noop, with: { x: "\${{ stages.a.value }}", text: "\${{ vars.text }}" } }
`;

/** Fills a store, makes it read-only as a whole, and uses it all the same. */
const SCRIPT = `
cd "$1" || exit 9
tvp() { "$DENO" run -A --quiet "$MAIN" "$@" 2>&1; }
tvp run p.yaml > /dev/null; echo "filled: $?"
tvp run p.yaml --set vars.text=other > /dev/null
mount --bind .tvp/cache .tvp/cache && mount -o remount,ro,bind .tvp/cache || exit 9
tvp run p.yaml --cache-limit 1KB | grep -o 'all cached'
tvp verify | grep -o '0 damaged, 0 missing'
mount --bind .tvp .tvp && mount -o remount,ro,bind .tvp || exit 9
tvp run p.yaml --set vars.text=other > out; echo "unrecorded: $?"; grep -o 'Cannot record the run' out
umount .tvp
tvp run p.yaml --set vars.text=new > out; echo "new: $?"; grep -o -m1 'b: Cannot write to the cache' out
tvp gc --max-age 1000d --dry-run | grep -o 'Would remove 0 tasks'
tvp gc > out; echo "gc: $?"; grep -o 'Cannot write to the cache' out
`;

Deno.test("a store that may only be read serves what it has, and says what it cannot", async () => {
  if (!await canMount()) return console.log("skipped: nothing can be mounted here");
  await withFolder(async (folder) => {
    Deno.writeTextFileSync(join(folder, "p.yaml"), PIPELINE);
    const { stdout, success } = await new Deno.Command("unshare", {
      args: ["-rm", "sh", "-c", SCRIPT, "sh", folder],
      env: { DENO: Deno.execPath(), MAIN: main, NO_COLOR: "1" },
    }).output();
    assert(success);
    assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
      "filled: 0",
      "all cached",
      "0 damaged, 0 missing",
      "unrecorded: 0",
      "Cannot record the run",
      "new: 1",
      "b: Cannot write to the cache",
      "Would remove 0 tasks",
      "gc: 2",
      "Cannot write to the cache",
    ]);
  });
});
