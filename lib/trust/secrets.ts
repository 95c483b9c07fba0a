/** Decides which variables of the environment are secrets, and which ones tasks may see. @module */

/** What a secret is called: a word of a name, between underscores. */
const words = [
  "TOKENS?",
  "JWT",
  "SECRETS?",
  "PASS(WORD|WD|PHRASE|CODE)?S?",
  "PW|PWD",
  "CRED(ENTIAL)?S?",
  "COOKIES?",
  "(API|ACCESS|PRIVATE|SECRET)?KEYS?",
  "AUTH(ORIZATION)?",
  "BEARER",
  "DSN",
  "WEBHOOK",
  "CONNECTION_?STRING",
];

/** The same at the end of a longer word: `PGPASSWORD`, `_authToken`. */
const endings = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY", "SSHPASS"];

const secret = new RegExp(
  `(^|[^A-Z0-9])(${words.join("|")})([^A-Z0-9]|$)|(${endings.join("|")})S?$|^(KUBECONFIG|NETRC)$`,
  "i",
);

/** Names that look like one of these and are not. */
const plain = /^(PWD|OLDPWD|SSH_ASKPASS|(MAX|MIN|NUM|N)_(\w+_)?TOKENS?)$/i;

/** Variables by which programs find the network: a password in them has to stay. */
const proxy = /^(https?|ftp|all|no)_proxy$/i;

/** `https://user:password@host`, or a token instead of the user. */
const urlWithPassword = /:\/\/([^/\s@:]*:[^/\s@]+|[^/\s@]{16,})@/;

/** Whether a variable holds something that only its owner should see. */
export function isSecretName(name: string): boolean {
  return secret.test(name) && !plain.test(name);
}

/** The same by its name or its value. */
export function isSecret(name: string, value: string): boolean {
  return isSecretName(name) || urlWithPassword.test(value);
}

/** Whether a value looks like a token under any name: one long word with letters and digits. */
export function looksSecret(value: string): boolean {
  return /^(?=.*\d)(?=.*[A-Za-z])[^\s/\\]{12,}$/.test(value);
}

/** An environment without its secrets, for a program that a pipeline file names. */
export function withoutSecrets(
  environment: Readonly<Record<string, string>>,
  keep: readonly string[] = [],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) =>
      keep.includes(name) || proxy.test(name) || !isSecret(name, value)
    ),
  );
}
