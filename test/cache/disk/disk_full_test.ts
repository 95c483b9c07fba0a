import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { canMount, withFolder } from "../rig.ts";

const main = fromFileUrl(new URL("../../../lib/cli/main.ts", import.meta.url));

const PIPELINE = `
name: full
vars: { large: "" }
stages:
  small: { uses: noop, with: { value: small } }
  large: { uses: noop, with: { value: "\${{ vars.large }}" } }
`;

/** Runs on a file system of 200 kB, with texts that do not fit and texts that just leave no room. */
const SCRIPT = `
mount -t tmpfs -o size=200k tmpfs "$1" && cd "$1" || exit 9
run() { "$DENO" run -A --quiet "$MAIN" "$@"; }
text() { head -c "$1" /dev/zero | tr '\\0' "$2"; }
run run "$PIPELINE" --target small > /dev/null; echo "small: $?"
for bytes in 120000 100000; do
  run run "$PIPELINE" --set "vars.large=$(text $bytes z)" > out 2>&1; echo "$bytes: $?"
  grep -o 'no space left' out | head -n 1
done
run verify | grep -o '[0-9]* damaged, [0-9]* missing'
echo "work: $(find .tvp/cache/work -mindepth 1 | wc -l)"
run run "$PIPELINE" --target small | grep -o 'all cached'
`;

Deno.test("a run on a full disk fails with exit code 1 and leaves the store intact", async () => {
  if (!await canMount()) return console.log("skipped: no file system can be mounted here");
  await withFolder(async (folder) => {
    const pipeline = join(folder, "full.yaml");
    const disk = join(folder, "disk");
    Deno.writeTextFileSync(pipeline, PIPELINE);
    Deno.mkdirSync(disk);
    const { stdout, success } = await new Deno.Command("unshare", {
      args: ["-rm", "sh", "-c", SCRIPT, "sh", disk],
      env: { DENO: Deno.execPath(), MAIN: main, PIPELINE: pipeline, NO_COLOR: "1" },
    }).output();
    assert(success);
    assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
      "small: 0",
      "120000: 1",
      "no space left",
      "100000: 1",
      "no space left",
      "0 damaged, 0 missing",
      "work: 0",
      "all cached",
    ]);
  });
});
