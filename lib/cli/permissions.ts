/**
 * Declares what each command may do. A command gives up all other permissions when it begins.
 *
 * @module
 */
import type { OpenedUse } from "../workspace/open_pipeline.ts";
import { isThere } from "../data/is_there.ts";
import { withoutSecrets } from "../trust/secrets.ts";
import { type CommandArguments, hasFlag, textOption } from "./command.ts";
import type { CommandName } from "./command_table.ts";

/**
 * What can be given up: permissions of Deno, by their names, and the secrets of the environment.
 * Reading stays with all, as modules are read when they are needed, and so do plain variables.
 */
export const permissionNames = ["secrets", "write", "net", "run", "ffi", "sys"] as const;

/** One of these permissions. */
export type Permission = typeof permissionNames[number];

/** When a command holds a permission. */
interface Extent {
  /** For people. */
  readonly text: string;
  /** Whether it holds it when it begins. */
  readonly begins: (args: CommandArguments) => boolean;
  /** Whether it keeps the permission after the pipeline is open and its tasks are looked up. */
  readonly keeps: (opened: OpenedUse, args: CommandArguments) => boolean;
}

/** The extents that there are. */
export const extents = {
  always: { text: "yes", begins: () => true, keeps: () => true },
  opening: { text: "to open", begins: () => true, keeps: () => false },
  online: { text: "online", begins: () => true, keeps: ({ isOnline }) => isOnline },
  hub: { text: "hub", begins: namesHub, keeps: () => true },
  art: {
    text: "hub, name",
    begins: (args) => namesHub(args) || namesSet(args),
    keeps: () => true,
  },
  device: { text: "device", begins: () => true, keeps: (_, args) => asksForDevice(args) },
  install: { text: "`--install`", begins: (args) => hasFlag(args, "install"), keeps: () => true },
  check: { text: "`--check`", begins: (args) => hasFlag(args, "check"), keeps: () => true },
} as const satisfies Record<string, Extent>;

type Row = Readonly<Partial<Record<Permission, keyof typeof extents>>>;

/**
 * Commands that look at a pipeline: a stage type that is not ours is described by another process.
 * Until the tasks are looked up they give up nothing: Deno looks twice at each path of a process that
 * lacks something, which for thousands of tasks takes a tenth of the time.
 */
const looking: Row = {
  secrets: "online",
  write: "always",
  net: "online",
  run: "opening",
  ffi: "device",
  sys: "device",
};

/** What each command needs. */
export const commandPermissions: Readonly<Record<CommandName, Row>> = {
  run: { ...looking, secrets: "always", run: "always" },
  trust: { write: "always", run: "opening" },
  plan: looking,
  graph: looking,
  status: looking,
  why: looking,
  logs: looking,
  show: looking,
  runs: {},
  diff: { write: "always" },
  gc: { write: "always" },
  verify: { write: "always" },
  push: { ...looking, secrets: "always", net: "always" },
  pull: { ...looking, secrets: "always", net: "always" },
  keys: {},
  sign: looking,
  // Like run: it computes tasks again.
  "verify-report": { ...looking, secrets: "always", run: "always" },
  grad: { write: "always", ffi: "check", sys: "check" },
  inspect: {},
  ask: { secrets: "hub", write: "always", net: "hub", ffi: "always", sys: "always" },
  prompt: { write: "always", ffi: "always", sys: "always" },
  models: { secrets: "hub", write: "always", net: "hub" },
  data: { secrets: "hub", write: "always", net: "art", ffi: "always", sys: "always" },
  doctor: { write: "install", net: "install", ffi: "always", sys: "always" },
  stages: {},
  schema: {},
  completions: {},
  init: { write: "always" },
};

let held: { readonly row: Row; readonly args: CommandArguments } | undefined;

/** Gives up, for the rest of the process, what a command has no use for. */
export async function giveUpPermissions(
  command: CommandName,
  args: CommandArguments,
): Promise<void> {
  const isPlan = command === "run" && hasFlag(args, "plan");
  const row = commandPermissions[isPlan ? "plan" : command];
  held = { row, args };
  await giveUp((extent, given) => extent.begins(given));
}

/** Gives up, once, what was of use only until a pipeline was open; a run, when a task has to run. */
export async function giveUpAfterOpening(opened: OpenedUse): Promise<void> {
  const done = giveUp((extent, args) => extent.keeps(opened, args));
  held = undefined;
  await done;
}

async function giveUp(
  isNeeded: (extent: Extent, args: CommandArguments) => boolean,
): Promise<void> {
  if (held === undefined) return;
  const { row, args } = held;
  const unneeded = permissionNames.filter((name) => {
    const extent = row[name];
    return extent === undefined || !isNeeded(extents[extent], args);
  });
  if (unneeded.includes("secrets")) await forgetSecrets();
  for (const name of unneeded) if (name !== "secrets") Deno.permissions.revokeSync({ name });
}

/** What is printed later still hides them. */
async function forgetSecrets(): Promise<void> {
  const environment = Deno.env.toObject();
  const plain = withoutSecrets(environment);
  const secrets = Object.keys(environment).filter((name) => !(name in plain));
  if (secrets.length === 0) return;
  (await import("../workspace/secret_values.ts")).secretValues();
  secrets.forEach((name) => Deno.env.delete(name));
}

function namesHub({ operands }: CommandArguments): boolean {
  return operands.some((operand) => operand.includes("hf://"));
}

/** Whether a set is named, and no file: the art of those that are drawn is fetched once. */
function namesSet({ operands }: CommandArguments): boolean {
  return operands.slice(1).some((operand) =>
    /^[a-z][a-z0-9-]*$/.test(operand) && !isThere(operand)
  );
}

function asksForDevice(args: CommandArguments): boolean {
  const provider = textOption(args, "provider") ?? "cpu";
  return hasFlag(args, "strict-provider") || provider !== "cpu";
}
