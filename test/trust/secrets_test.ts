import { assertEquals } from "@std/assert";
import { Redactor } from "../../lib/trust/redactor.ts";
import { looksSecret, withoutSecrets } from "../../lib/trust/secrets.ts";

const hidden = {
  TVP_CACHE_PRIVATE_KEY: "x",
  TVP_CACHE_TOKEN: "x",
  HF_TOKEN: "x",
  HUGGING_FACE_HUB_TOKEN: "x",
  AWS_ACCESS_KEY_ID: "x",
  AWS_SECRET_ACCESS_KEY: "x",
  AWS_SESSION_TOKEN: "x",
  AWS_SHARED_CREDENTIALS_FILE: "x",
  GITHUB_TOKEN: "x",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x",
  ACTIONS_RUNTIME_TOKEN: "x",
  "npm_config_//registry.example/:_authToken": "x",
  GOOGLE_APPLICATION_CREDENTIALS: "x",
  AZURE_STORAGE_CONNECTION_STRING: "x",
  OPENAI_API_KEY: "x",
  PGPASSWORD: "x",
  MYSQL_PWD: "x",
  SSH_AUTH_SOCK: "x",
  HTTP_AUTHORIZATION: "x",
  SLURM_JWT: "x",
  MY_SECRET: "x",
  db_password: "x",
  DATABASE_URL: "postgres://user:password@host/db",
  TVP_CACHE_REMOTE: "https://user:password@host/",
  GITHUB_PAT: "x",
  GH_PAT_2: "x",
  GH_PAT_READ: "ghp_0123456789ab",
  API_KEY2: "x",
  PASSWORD1: "x",
  PGPASSWORD2: "x",
  ACCESSKEY2: "x",
  STORAGEACCESSKEY: "x",
  SAS: "x",
  STORAGE_SAS: "x",
  SAS_TOKEN: "x",
  CONTAINER: "https://host/container?sv=2024-01-01&sig=x",
  INDEX_URL: "https://0123456789abcdef@host/",
  KUBECONFIG: "x",
  KUBE_CONFIG_DATA: "x",
  PGPASSFILE: "x",
  HUB: `hf_${"a1B2".repeat(8)}`,
  CI: `ghp_${"a1B2".repeat(9)}`,
  CLOUD_ID: "AKIAIOSFODNN7EXAMPLE",
  MODEL_SERVICE: `sk-proj-${"a1B2".repeat(8)}`,
  DEPLOY: "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
  ACCOUNT_JSON: '{"private": "-----BEGIN PRIVATE KEY-----\\nx"}',
  IDENTITY: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
};

const plain = {
  PATH: "/bin",
  HOME: "/home/me",
  PWD: "/",
  LANG: "C",
  PATTERN: "*.png",
  COMPAT: "1",
  COMPAT2: "1",
  PAT_FOLDER: "/data/pat2024",
  SASS_PATH: "/usr/lib/sass",
  SAS_HOME: "/opt/sas",
  MAX_TOKENS2: "512",
  KEYBOARD2: "de",
  QUERY: "https://host/?design=2",
  LD_LIBRARY_PATH: "/lib",
  CUDA_VISIBLE_DEVICES: "0",
  OMP_NUM_THREADS: "2",
  SLURM_JOB_ID: "1",
  AWS_REGION: "eu-1",
  TOKENIZERS_PARALLELISM: "false",
  MAX_TOKENS: "512",
  KEYBOARD_LAYOUT: "de",
  PASSAGE: "x",
  MONKEY: "x",
  AUTHOR: "me",
  PLAIN_VALUE: "plain",
  GIT_URL: "ssh://git@host/x",
  KUBE_NAMESPACE: "default",
  PREFIX: "hf_cache",
  RISK: "sk-learn",
  HTTPS_PROXY: "http://user:password@proxy/",
};

Deno.test("withoutSecrets() keeps what is none", () => {
  assertEquals(withoutSecrets({ ...hidden, ...plain }), plain);
  assertEquals(withoutSecrets(hidden, ["SLURM_JWT"]), { SLURM_JWT: "x" });
});

Deno.test("looksSecret() tells tokens from settings", () => {
  assertEquals(["sEcReT0123456789", "hf_abcDEF123456"].filter((v) => !looksSecret(v)), []);
  const settings = ["/data/imagenet2012", "cuda", "12345678901234", "a longer text with 1 digit"];
  assertEquals(settings.filter(looksSecret), []);
});

Deno.test("a Redactor puts names in place of secrets, however they are written", () => {
  const pem = "-----BEGIN-----\nMIIBVgIBADANBgkqhkiG9w0BAQ\n-----END-----";
  const redactor = new Redactor({
    A_TOKEN: 'quo"ted+token',
    KEY: pem,
    SHORT_KEY: "abc",
    LONG_KEY: "a key/with? é",
    X: "plain text",
  });
  const cases: readonly (readonly [text: string, hidden: string])[] = [
    ['is quo"ted+token.', "is [A_TOKEN]."],
    [JSON.stringify({ t: 'quo"ted+token' }), '{"t":"[A_TOKEN]"}'],
    ["?q=quo%22ted%2Btoken", "?q=[A_TOKEN]"],
    [pem, "[KEY]"],
    ["MIIBVgIBADANBgkqhkiG9w0BAQ", "[KEY]"],
    ["abc plain text", "abc plain text"],
    ["?q=a+key%2Fwith%3F+%C3%A9", "?q=[LONG_KEY]"],
    ["?q=a%20key/with%3f%20%c3%a9", "?q=[LONG_KEY]"],
    ["/a%20key%2fwith?%20é/", "/[LONG_KEY]/"],
  ];
  for (const [text, shown] of cases) assertEquals(redactor.hide(text), shown);
  redactor.add("LATER", "plain text");
  assertEquals(redactor.hide("plain text"), "[LATER]");
  const byValue = new Redactor({ DATA: "https://host/d?sig=abc", GH_PAT: "ghp_abcdef" });
  assertEquals(byValue.hide("https://host/d?sig=abc ghp_abcdef"), "[DATA] [GH_PAT]");
});
