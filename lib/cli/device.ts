/** Reads `--provider`: the device that models run on. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type CommandArguments, hasFlag, type OptionSpec, textOption } from "./command.ts";
import { type Provider, providerOfMachine } from "../workspace/check_provider.ts";

const providers: readonly Provider[] = ["auto", "cpu", "cuda", "webgpu"];

/** Options that say what is in a key besides the pipeline file. */
export const deviceOptions = {
  provider: { type: "text", choices: providers, help: "device of the models; default auto" },
  "strict-provider": { type: "flag", help: "make the device a part of the keys" },
} as const satisfies Record<string, OptionSpec>;

/**
 * What the arguments ask for. In keys `auto` represents the device that it takes here.
 *
 * @throws {DiagnosticError} If --strict-provider is given for `auto` on a cluster.
 */
export async function chooseProvider(args: CommandArguments): Promise<Provider> {
  const asked = (textOption(args, "provider") ?? "auto") as Provider;
  if (asked !== "auto" || !hasFlag(args, "strict-provider")) return asked;
  if ((textOption(args, "executor") ?? "local") === "local") return await providerOfMachine(asked);
  const message = "Cannot use --strict-provider without --provider: what auto takes on a node of " +
    "the cluster is not known here";
  const notes = ["add --provider cpu or --provider cuda"];
  throw new DiagnosticError([{ code: "usage", severity: "error", message, notes }]);
}

/** What stands in the keys. */
export async function keyProvider(args: CommandArguments): Promise<string | undefined> {
  return hasFlag(args, "strict-provider") ? await chooseProvider(args) : undefined;
}
