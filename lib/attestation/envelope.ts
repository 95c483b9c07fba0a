/** DSSE envelopes, as in-toto and its tools use them: https://github.com/secure-systems-lab/dsse. @module */
import { z } from "zod";
import { plainIssueText } from "../diagnostic/schema_issue.ts";
import type { Signer, Verifier } from "../cache/remote/signature.ts";
import { boundedJson, NestingError } from "../trust/bounded_json.ts";

/** Media type of an in-toto statement. */
const statementType = "application/vnd.in-toto+json";

const envelopeSchema = z.object({
  payloadType: z.literal(statementType),
  payload: z.base64(),
  signatures: z.array(z.object({
    // A hint, and no more: which of the keys that are trusted has signed is found by trying.
    keyid: z.string().max(256).optional(),
    sig: z.base64().max(256),
  })).min(1).max(16),
});

/** A signed payload. */
export interface Envelope {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signatures: readonly { readonly keyid?: string | undefined; readonly sig: string }[];
}

/** Signs a statement. Gives one line of JSON, as in files of attestations (`.intoto.jsonl`). */
export async function sealStatement(statement: unknown, signer: Signer): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(statement));
  const sig = await signer.signPayload(statementType, payload);
  return `${
    JSON.stringify({
      payloadType: statementType,
      payload: payload.toBase64(),
      signatures: [{ keyid: signer.publicKey, sig }],
    })
  }\n`;
}

/**
 * Reads an envelope. Nothing of its payload may be believed, or even parsed, before its signature is
 * checked.
 *
 * @throws {SyntaxError} if the text is not an envelope.
 */
export function readEnvelope(text: string): Envelope {
  const value = parseJson(text);
  const result = envelopeSchema.safeParse(value);
  if (!result.success) {
    throw new SyntaxError(plainIssueText(result.error.issues, value));
  }
  const { payload, signatures } = result.data;
  return { payload: Uint8Array.fromBase64(payload), signatures };
}

/** The public key that signed an envelope; `undefined` if it is not among the trusted ones. */
export async function signerOf(
  { payload, signatures }: Envelope,
  verifier: Verifier,
): Promise<string | undefined> {
  for (const { sig } of signatures) {
    const key = await verifier.signerOf(statementType, payload, sig);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** @throws {SyntaxError} with our message: the engine's would describe its internals. */
export function parseJson(text: string): unknown {
  try {
    return boundedJson(text);
  } catch (error) {
    if (error instanceof NestingError || !(error instanceof SyntaxError)) throw error;
    throw new SyntaxError("it is not JSON");
  }
}
