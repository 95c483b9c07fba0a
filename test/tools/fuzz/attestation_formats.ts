/** Signed statements on reports: from anyone, and from somebody whose key is believed. @module */
import { readEnvelope, sealStatement, signerOf } from "../../../lib/attestation/envelope.ts";
import { makeStatement, readStatement } from "../../../lib/attestation/statement.ts";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
} from "../../../lib/cache/remote/signature.ts";
import { unreadable } from "../../../lib/cli/report_file.ts";
import type { Digest, KeyPreimage } from "../../../lib/pipeline/contract/key.ts";
import { keyOf } from "../../../lib/pipeline/plan/resolve.ts";
import { formatOf, mustHold, type OpenFormat, Refused } from "./format.ts";
import { mutateJsonText, mutateText } from "./mutate.ts";

const digest = "a".repeat(64) as Digest;

const preimage: KeyPreimage = {
  format: 1,
  stage: "noop",
  code: digest,
  parameters: { lr: 0.1, data: { $artifact: digest }, list: [1, "2", null] },
  environment: { A: "b" },
};

const good = makeStatement({ name: "report.json", digest }, {
  pipeline: { name: "p", file: "p.yaml", set: ["vars.seeds=[0]"] },
  run: { id: "1", startedAt: 1 },
  report: { task: "t", output: "scores" },
  versions: { deno: "2.9.6" },
  sources: [{ kind: "model", name: "zoo/x", digest }],
  tasks: [{
    task: "t",
    key: keyOf(preimage),
    preimage,
    outputs: { scores: { type: "scores", digest, mean: 0.5 } },
    host: { provider: "cpu", versions: { onnxruntime: "1.30.0" } },
  }],
});

/** Reads as the program does, which says why a file is not a statement. */
function asFile<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable("report.json", error.message);
    throw error;
  }
}

/** By someone without the key. */
const envelope: OpenFormat = async () => {
  const keys = await generateSigningKeys();
  const sealed = await sealStatement(good, await readSigner(keys.privateKey));
  const verifier = await readVerifier(keys.publicKey);
  const { payload } = readEnvelope(sealed);
  return formatOf({
    seeds: [sealed],
    generate: (random) =>
      random.integer(2) === 0
        ? mutateText(sealed, random)
        : mutateJsonText(JSON.parse(sealed), random),
    async read(text: string) {
      const read = asFile(() => readEnvelope(text));
      if (await signerOf(read, verifier) === undefined) throw new Refused("not signed");
      mustHold(read.payload.toHex() === payload.toHex(), "another payload passes as signed");
    },
  });
};

/** By a signer who lies. */
const statement: OpenFormat = () =>
  Promise.resolve(formatOf({
    seeds: [JSON.stringify(good)],
    generate: (random) =>
      random.integer(3) === 0
        ? mutateText(JSON.stringify(good), random)
        : mutateJsonText(good, random),
    read(text: string) {
      const bytes = new TextEncoder().encode(text);
      const { subject, predicate } = asFile(() => readStatement(bytes));
      const report = predicate.tasks.find(({ task }) => task === predicate.report.task);
      const output = report?.outputs[predicate.report.output];
      mustHold(output?.digest === subject[0]?.digest.sha256, "another subject");
      mustHold(
        predicate.tasks.every(({ key, preimage }) => keyOf(preimage) === key),
        "another key",
      );
    },
  }));

/** Formats of this file. */
export const attestationFormats = { envelope, statement } satisfies Record<string, OpenFormat>;
