/** A folder in which the program is run as people run it. @module */
const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

/** What a run of the program gave. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Settings of a run besides its arguments. */
export interface RunSettings {
  readonly env: Readonly<Record<string, string>>;
  /** Path of a module to run in place of the program. */
  readonly program?: string;
}

/** Runs the program in a folder; settings may follow the arguments. */
export async function tvp(
  folder: string,
  ...given: readonly (string | RunSettings)[]
): Promise<Ran> {
  const args = given.filter((one) => typeof one === "string");
  const settings = given.filter((one) => typeof one !== "string");
  const program = settings.find((one) => one.program !== undefined)?.program ?? main;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program, ...args],
    cwd: folder,
    env: Object.assign({ NO_COLOR: "1" }, ...settings.map((one) => one.env)),
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs a body in a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "tvp-" }));
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
