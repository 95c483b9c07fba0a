import { assertEquals, assertStringIncludes } from "@std/assert";
import { completeWords } from "../../lib/cli/complete.ts";
import { inFolder, tvp } from "./workplace.ts";

const file = "name: demo\nstages:\n  first: { uses: noop }\n  second: { uses: noop }\n";

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, file);
    await body(`${folder}/p.yaml`);
  });
}

Deno.test("completeWords() knows commands, options, their values and stages", async () => {
  await withFile(async (path) => {
    const cases: [string, string[]][] = [
      ["gr", ["graph", "grad"]],
      ["nonsense x", []],
      ["run ", [":files"]],
      ["run p.yaml --ex", ["--executor"]],
      ["run p.yaml --executor ", ["local", "slurm"]],
      ["run p.yaml --provider c", ["cpu", "cuda"]],
      [`run ${path} --target `, ["first", "second"]],
      ["run --cache ", [":files"]],
      ["run p.yaml --json --js", []],
      ["run p.yaml ", []],
      [`why ${path} `, ["first", "second"]],
      [`why --cache here ${path} s`, ["second"]],
      [`show ${path} f`, ["first"]],
      ["why /no/such.yaml ", []],
      ["prompt ", ["show", "apply", "export", "import"]],
      ["prompt apply ", [":files"]],
      ["prompt apply x ", [":files"]],
      ["models ", ["ls", "inspect", "check", "install"]],
      ["completions z", []],
      ["schema --e", ["--events"]],
    ];
    for (const [line, expected] of cases) {
      assertEquals(await completeWords(line.split(" ")), expected, line);
    }
  });
});

Deno.test("completeWords() knows the runs that there are", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, file);
    await tvp(folder, "run", "p.yaml");
    const words = async (...line: string[]) =>
      (await tvp(folder, "completions", "--words", "--", ...line)).out.trimEnd().split("\n");
    assertEquals(await words("runs", ""), ["demo"]);
    const [run] = await words("diff", "");
    assertEquals(/^\d{8}T\d{9}Z-[0-9a-f]{4}$/.test(run!), true);
    assertEquals(await words("diff", run!, run!.slice(0, 6)), [run]);
    assertEquals(await words("run", "--help", "--qui"), ["--quiet"]);
  });
});

/** Shells that are installed here. */
const shells = ["bash", "zsh", "fish"].filter((shell) => {
  const found = (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${shell}`).isFile;
    } catch {
      return false;
    }
  });
  if (!found) console.log(`Skipped: completions in ${shell}, which is not here`);
  return found;
});

for (const shell of shells) {
  Deno.test(`tvp completions ${shell} prints a script that the shell reads`, async () => {
    await inFolder(async (folder) => {
      const { out } = await tvp(folder, "completions", shell);
      Deno.writeTextFileSync(`${folder}/script`, out);
      const { code, stderr } = await new Deno.Command(shell, { args: ["-n", `${folder}/script`] })
        .output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    });
  });
}

Deno.test({
  name: "tvp completions bash completes in bash",
  ignore: !shells.includes("bash"),
  async fn() {
    await withFile(async (path) => {
      const complete = async (line: string) => {
        const script = `eval "$('${Deno.execPath()}' run -A ${main} completions bash)"
COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); compopt() { echo "compopt $*"; }
_tvp; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
        return new TextDecoder().decode(stdout).trimEnd().split("\n");
      };
      assertEquals(await complete("tvp stat"), ["status"]);
      assertEquals(await complete(`tvp logs ${path} ""`), ["first", "second"]);
      assertStringIncludes((await complete('tvp run ""')).join(), "compopt -o default");
    });
  },
});

const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

Deno.test("tvp completions names the shells that it knows", async () => {
  await inFolder(async (folder) => {
    const { code, err } = await tvp(folder, "completions", "csh");
    assertEquals(code, 2);
    assertStringIncludes(err, 'Cannot complete in "csh": expected bash, zsh or fish');
  });
});
