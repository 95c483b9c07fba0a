/** Ed25519 signatures. Results of a remote cache and reports are believed only with one. @module */

/** Signs texts and bytes. */
export interface Signer {
  /** The other half of its key, by which others check what it signs. */
  readonly publicKey: string;
  /** @param purpose What is signed, so that one kind of thing cannot pass for another. */
  sign(purpose: string, content: Uint8Array): Promise<string>;
  /** Signs bytes of a media type as DSSE does, so that other programs can check them. */
  signPayload(type: string, payload: Uint8Array): Promise<string>;
}

/** Checks signatures against a list of public keys. */
export interface Verifier {
  verify(purpose: string, content: Uint8Array, signature: string): Promise<boolean>;
  /** The public key whose owner signed the payload; `undefined` if no key of the list did. */
  signerOf(type: string, payload: Uint8Array, signature: string): Promise<string | undefined>;
}

const ED25519 = { name: "Ed25519" };

/** Makes a pair of keys, as base64: the private one for a secret, the public one for a file. */
export async function generateSigningKeys(): Promise<{ privateKey: string; publicKey: string }> {
  const pair = await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"]) as CryptoKeyPair;
  const privateKey = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const publicKey = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { privateKey: toBase64(privateKey), publicKey: toBase64(publicKey) };
}

/** @throws {SyntaxError} If the text is not a private key. */
export async function readSigner(privateKey: string): Promise<Signer> {
  const key = await importKey("pkcs8", privateKey, "sign");
  const sign = async (message: Uint8Array<ArrayBuffer>) =>
    toBase64(await crypto.subtle.sign(ED25519, key, message));
  return {
    publicKey: await publicHalf(key),
    sign: (purpose, content) => sign(message(purpose, content)),
    signPayload: (type, payload) => sign(preAuthentication(type, payload)),
  };
}

async function publicHalf(key: CryptoKey): Promise<string> {
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return toBase64(Uint8Array.fromBase64(x!, { alphabet: "base64url" }).buffer);
}

/**
 * Reads a file of public keys: one a line, empty lines and what follows a `#` left out.
 *
 * @throws {SyntaxError} If a line is not a public key.
 */
export async function readVerifier(publicKeys: string): Promise<Verifier> {
  const lines = publicKeys.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const keys: { readonly line: string; readonly key: CryptoKey }[] = [];
  // One after the other: a long file that holds no keys is left at its first line.
  for (const line of lines) {
    if (line !== "") keys.push({ line, key: await importKey("raw", line, "verify") });
  }
  const signerOf = async (message: Uint8Array<ArrayBuffer>, signature: string) => {
    const bytes = fromBase64(signature);
    if (bytes === undefined) return undefined;
    for (const { line, key } of keys) {
      if (await crypto.subtle.verify(ED25519, key, bytes, message)) return line;
    }
    return undefined;
  };
  return {
    verify: async (purpose, content, signature) =>
      await signerOf(message(purpose, content), signature) !== undefined,
    signerOf: (type, payload, signature) => signerOf(preAuthentication(type, payload), signature),
  };
}

async function importKey(
  format: "pkcs8" | "raw",
  text: string,
  use: "sign" | "verify",
): Promise<CryptoKey> {
  const bytes = fromBase64(text.trim());
  try {
    if (bytes !== undefined) {
      return await crypto.subtle.importKey(format, bytes, ED25519, use === "sign", [use]);
    }
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
  const kind = use === "sign" ? "private" : "public";
  throw new SyntaxError(`Cannot read ${kind} key: it is not an Ed25519 key in base64`);
}

function message(purpose: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return prefixed(`tvp ${purpose} 1\n`, content);
}

/** What DSSE signs instead of a payload: https://github.com/secure-systems-lab/dsse. */
function preAuthentication(type: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const typeBytes = new TextEncoder().encode(type).length;
  return prefixed(`DSSEv1 ${typeBytes} ${type} ${payload.length} `, payload);
}

function prefixed(text: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new TextEncoder().encode(text);
  const bytes = new Uint8Array(prefix.length + content.length);
  bytes.set(prefix);
  bytes.set(content, prefix.length);
  return bytes;
}

function toBase64(bytes: ArrayBuffer): string {
  return new Uint8Array(bytes).toBase64();
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
