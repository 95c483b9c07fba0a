/** Ed25519 signatures of what a remote cache holds, so that only those trusted can write it. @module */

/** Signs texts and bytes. */
export interface Signer {
  /** @param purpose What is signed, so that one kind of thing cannot pass for another. */
  sign(purpose: string, content: Uint8Array): Promise<string>;
}

/** Checks signatures against a list of public keys. */
export interface Verifier {
  verify(purpose: string, content: Uint8Array, signature: string): Promise<boolean>;
}

const ED25519 = { name: "Ed25519" };

/** Makes a pair of keys, as base64: the private one for a secret, the public one for a file. */
export async function generateSigningKeys(): Promise<{ privateKey: string; publicKey: string }> {
  const pair = await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"]) as CryptoKeyPair;
  const privateKey = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const publicKey = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { privateKey: toBase64(privateKey), publicKey: toBase64(publicKey) };
}

/** @throws {SyntaxError} If the text is no private key. */
export async function readSigner(privateKey: string): Promise<Signer> {
  const key = await importKey("pkcs8", privateKey, "sign");
  return {
    sign: async (purpose, content) =>
      toBase64(await crypto.subtle.sign(ED25519, key, message(purpose, content))),
  };
}

/**
 * Reads a file of public keys: one a line, empty lines and what follows a `#` left out.
 *
 * @throws {SyntaxError} If a line is no public key.
 */
export async function readVerifier(publicKeys: string): Promise<Verifier> {
  const lines = publicKeys.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const keys = await Promise.all(
    lines.filter((line) => line !== "").map((line) => importKey("raw", line, "verify")),
  );
  return {
    async verify(purpose, content, signature) {
      const bytes = fromBase64(signature);
      if (bytes === undefined) return false;
      for (const key of keys) {
        if (await crypto.subtle.verify(ED25519, key, bytes, message(purpose, content))) return true;
      }
      return false;
    },
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
      return await crypto.subtle.importKey(format, bytes, ED25519, false, [use]);
    }
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
  const kind = use === "sign" ? "private" : "public";
  throw new SyntaxError(`Cannot read ${kind} key of the cache: it is no Ed25519 key in base64`);
}

function message(purpose: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new TextEncoder().encode(`tvp ${purpose} 1\n`);
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
