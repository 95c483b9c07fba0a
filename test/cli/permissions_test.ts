import { assertEquals } from "@std/assert";

const module = new URL("../../lib/cli/permissions.ts", import.meta.url).href;

/** States of the permissions once a command has begun. */
async function statesOf(command: string): Promise<string> {
  const code = `import { giveUpPermissions } from "${module}";
giveUpPermissions("${command}");
const names = ["read", "env", "write", "net", "run", "ffi"];
console.log(names.filter((name) => Deno.permissions.querySync({ name }).state === "granted").join(" "));
`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(code));
  await input.close();
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

const cases = {
  inspect: "read env",
  grad: "read env write ffi",
  verify: "read env write",
  pull: "read env write net run",
  run: "read env write net run ffi",
};

for (const [command, states] of Object.entries(cases)) {
  Deno.test(`tvp ${command} has the permissions: ${states}`, async () => {
    assertEquals(await statesOf(command), states);
  });
}
