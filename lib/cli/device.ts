/** Reads `--provider`: the device that models run on. @module */
import { DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { type CommandArguments, hasFlag, type OptionSpec, textOption } from "./command.ts";
import { deviceOf } from "../pipeline/contract/job.ts";
import { type Provider, providerOfMachine } from "../workspace/check_provider.ts";

const providers: readonly Provider[] = ["auto", "cpu", "cuda", "webgpu"];

/** Options that say what is in a key besides the pipeline file. */
export const deviceOptions = {
  provider: {
    type: "text",
    choices: providers,
    pattern: /^cuda:\d{1,2}$/,
    help: "device of the models, cuda:1 for the second card; default auto",
  },
  tf32: {
    type: "flag",
    help:
      "with --provider cuda: products of float32 round their factors to 10 bits, and are faster",
  },
  "strict-provider": { type: "flag", help: "make the device a part of the keys" },
} as const satisfies Record<string, OptionSpec>;

/** `--provider` and `--tf32`. @throws {DiagnosticError} If --tf32 is given for another device. */
function askedProvider(args: CommandArguments): Provider {
  const asked = (textOption(args, "provider") ?? "auto") as Provider;
  if (!hasFlag(args, "tf32")) return asked;
  if (asked.startsWith("cuda")) return `${asked}+tf32` as Provider;
  const message = `Cannot use --tf32 with --provider ${asked}: only CUDA has it`;
  throw new DiagnosticError([{
    code: "usage",
    severity: "error",
    message,
    notes: ["add --provider cuda"],
  }]);
}

/**
 * What the arguments ask for. In keys `auto` represents the device that it takes here.
 *
 * @throws {DiagnosticError} If --strict-provider is given for `auto` on a cluster.
 */
export async function chooseProvider(args: CommandArguments): Promise<Provider> {
  const asked = askedProvider(args);
  if (asked !== "auto" || !hasFlag(args, "strict-provider")) return asked;
  if ((textOption(args, "executor") ?? "local") === "local") return await providerOfMachine(asked);
  const message = "Cannot use --strict-provider without --provider: what auto takes on a node of " +
    "the cluster is not known here";
  const notes = ["add --provider cpu or --provider cuda"];
  throw diagnosticError("usage", message, notes);
}

/** What goes into the keys. */
export async function keyProvider(args: CommandArguments): Promise<string | undefined> {
  if (!hasFlag(args, "strict-provider")) return undefined;
  return deviceOf(await chooseProvider(args));
}
