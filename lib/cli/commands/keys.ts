import { generateSigningKeys } from "../../cache/remote/signature.ts";
import { type Command, exitCodes, hasFlag } from "../command.ts";
import { publicKeysFile } from "../../workspace/open_store.ts";
import { printJson, printLine } from "../print.ts";

/** Makes keys for a remote cache and for reports. */
const command: Command = {
  name: "keys",
  summary:
    "Makes a key pair. The holder of the private key can write to the remote cache and sign reports.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp keys",
  options: { json: { type: "flag", help: "the pair as JSON" } },
  async run(args) {
    const keys = await generateSigningKeys();
    if (hasFlag(args, "json")) printJson(keys);
    else {
      printLine(`Public key, a line to add to ${publicKeysFile} and commit:\n${keys.publicKey}`);
      printLine(`Private key, for a secret named TVP_CACHE_PRIVATE_KEY:\n${keys.privateKey}`);
    }
    return exitCodes.done;
  },
};
export default command;
