/** The program, and after it a line with the permissions that are left, which is for a test. @module */
import { main } from "../../lib/cli/main.ts";
import { permissionNames } from "../../lib/cli/permissions.ts";

const code = await main(Deno.args);
const left = permissionNames.filter((name) =>
  name === "secrets"
    ? Deno.env.has("CANARY_TOKEN")
    : Deno.permissions.querySync({ name }).state === "granted"
);
Deno.stderr.writeSync(new TextEncoder().encode(`${code} left: ${left.join(" ")}\n`));
Deno.exit(code);
