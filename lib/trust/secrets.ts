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
const endings = [
  "TOKEN",
  "SECRET",
  "PASSWORD",
  "PASSWD",
  "PASSPHRASE",
  "(API|ACCESS|SECRET|PRIVATE)KEY",
  "SSHPASS",
];

/** Tokens of GitHub and Azure. In front of other words they are often something else: `SAS_HOME`. */
const lastWords = ["PATS?", "SAS"];

/** A word of a name; a number behind it tells it from others: `API_KEY2`. */
const wordOf = (forms: readonly string[]) => `(^|[^A-Z0-9])(${forms.join("|")})\\d*`;

const secret = new RegExp(
  [
    `${wordOf(words)}([^A-Z0-9]|$)`,
    `${wordOf(lastWords)}(_\\d+)?$`,
    `(${endings.join("|")})S?\\d*$`,
    "^(KUBE_?CONFIG(_\\w+)?|NETRC|PGPASSFILE)$",
  ].join("|"),
  "i",
);

/** Names that are secrets only together with a value that looks like one. */
const doubtful = new RegExp(`${wordOf(lastWords)}[^A-Z0-9]`, "i");

/** Names that look like one of these and are not. */
const plain = /^(PWD|OLDPWD|SSH_ASKPASS|(MAX|MIN|NUM|N)_(\w+_)?TOKENS?\d*)$/i;

/** Variables by which programs find the network: a password in them has to stay. */
const proxy = /^(https?|ftp|all|no)_proxy$/i;

/** `https://user:password@host`, or a token instead of the user. */
const urlWithPassword = /:\/\/([^/\s@:]*:[^/\s@]+|[^/\s@]{16,})@/;

/** Tokens of services, by how they begin: what they are called does not matter. */
const knownToken =
  /^(hf_|gh[opsru]_|github_pat_|glpat-|npm_|pypi-|sk-|xox[abeprs]-|AKIA|ASIA|AIza)[\w-]{16,}$/;

/** A private key in PEM, also inside JSON, or a signed JSON Web Token. */
const keyOrJwt = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^eyJ[\w-]+\.eyJ[\w-]+\./;

/** What stands for a password in the query of a URL: `?sv=2024&sig=…`. */
const signature = /[?&](sig|[\w-]*signature)=./i;

/** Whether a variable holds something that only its owner should see. */
export function isSecretName(name: string): boolean {
  return secret.test(name) && !plain.test(name);
}

/** The same by its name, its value, or both together. */
export function isSecret(name: string, value: string): boolean {
  const forms = [urlWithPassword, signature, knownToken, keyOrJwt];
  return isSecretName(name) || forms.some((form) => form.test(value)) ||
    (doubtful.test(name) && looksSecret(value));
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
