import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { drawShare } from "../../lib/attestation/draw.ts";
import { readEnvelope, sealStatement } from "../../lib/attestation/envelope.ts";
import { readStatement, type Statement } from "../../lib/attestation/statement.ts";
import { generateSigningKeys, readSigner } from "../../lib/cache/remote/signature.ts";
import { keyOf } from "../../lib/pipeline/plan/resolve.ts";
import { inFolder, type Ran, tvp } from "./workplace.ts";

const keys = await generateSigningKeys();

const scores = (hits: number) => {
  const rows = Array.from({ length: 1000 }, (_, i) => ({
    id: `${i}`,
    digest: `${i}`,
    cluster: `${i}`,
    answer: 1,
    prediction: i < hits ? 1 : 0,
    hit: i < hits,
  }));
  const delta = { rms: 0, peak: 0 };
  const about = {
    task: "t",
    model: "m",
    modelDigest: "d",
    role: "unseen",
    method: "vp",
    metric: "top1",
  };
  return JSON.stringify({
    ...about,
    sources: [],
    seed: 0,
    treatment: {},
    delta,
    mean: hits / 1000,
    rows,
  });
};

/** A folder in which a run is signed. */
interface Signed {
  readonly folder: string;
  readonly report: string;
  write(name: string, text: string): void;
  verify(...args: readonly string[]): Promise<Ran>;
  /** Changes what is signed, and signs it again by the key that is believed. */
  forge(change: (statement: Statement) => Statement): Promise<void>;
}

const env = (folder: string) => ({
  TVP_CACHE_PRIVATE_KEY: keys.privateKey,
  XDG_CONFIG_HOME: join(folder, "config"),
});

const run = (folder: string, ...args: string[]) => tvp(folder, ...args, { env: env(folder) });

/** What all tests begin with is made once; each has a copy. */
const base = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "tvp-" }));
globalThis.addEventListener("unload", () => Deno.removeSync(base, { recursive: true }));

/** Files of the base are read by their path, behind the back of the keys: so bytes may differ. */
const pipeline = `
name: small
vars: { step: 1 }
stages:
  data: { uses: command, with: { run: [cp, "{files.rows}", "{outputs.rows}"], files: { rows: ./rows.txt }, outputs: { rows: text } } }
  train:
    uses: command
    matrix: { seed: [0, 1] }
    with:
      run: [sh, -c, "cat {inputs.rows} '${base}/noise.txt' > {outputs.prompt}"]
      inputs: { rows: "\${{ stages.data.rows }}" }
      files: { seed: "./seed\${{ matrix.seed }}.txt" }
      outputs: { prompt: text }
  score:
    uses: command
    matrix: { prompt: "\${{ stages.train.* }}" }
    with:
      run: [sh, -c, "cat '${base}/scores.json' > {outputs.scores}; cat {inputs.prompt} > /dev/null"]
      inputs: { prompt: "\${{ matrix.prompt.prompt }}" }
      outputs: { scores: scores }
  report: { uses: noop, with: { step: "\${{ vars.step }}", scores: "\${{ stages.score.*.scores }}" } }
`;

const hidden = (name: "noise.txt" | "scores.json", text: string) =>
  Deno.writeTextFileSync(join(base, name), text);

let made: Promise<void> | undefined;

async function makeBase(): Promise<void> {
  Deno.writeTextFileSync(join(base, "p.yaml"), pipeline);
  Deno.writeTextFileSync(join(base, "cache_keys.txt"), keys.publicKey);
  for (const name of ["rows.txt", "seed0.txt", "seed1.txt"]) {
    Deno.writeTextFileSync(join(base, name), name);
  }
  const ran = await run(base, "run", "p.yaml", "--trust", "--quiet");
  assertEquals([ran.code, ran.err], [0, ""]);
  const signed = await run(base, "sign", "p.yaml", "--of", "report.value");
  assertEquals([signed.code, signed.err], [0, ""]);
}

async function inSigned(body: (signed: Signed) => Promise<void>): Promise<void> {
  hidden("noise.txt", "a");
  hidden("scores.json", scores(500));
  await (made ??= makeBase());
  await inFolder(async (parent) => {
    const folder = join(parent, "copy");
    const copied = new Deno.Command("cp", { args: ["-a", base, folder] }).outputSync();
    assertEquals(copied.code, 0);
    const report = join(folder, ".tvp/runs/small/latest/report/value.json");
    const statement = `${report}.intoto.jsonl`;
    await body({
      folder,
      report,
      write: (name, text) => Deno.writeTextFileSync(join(folder, name), text),
      verify: (...args) => {
        const seed = args.includes("--seed") ? [] : ["--seed", "1"];
        return run(folder, "verify-report", report, ...seed, ...args);
      },
      async forge(change) {
        const { payload } = readEnvelope(Deno.readTextFileSync(statement));
        const signer = await readSigner(keys.privateKey);
        const forged = await sealStatement(change(readStatement(payload)), signer);
        Deno.writeTextFileSync(statement, forged);
      },
    });
  });
}

/** A seed that draws one task of the six. */
const seedOf = (task: number) =>
  String(
    Array.from({ length: 100 }, (_, seed) => seed)
      .find((seed) => drawShare(6, { count: 1 }, seed)[0] === task),
  );

const lastLines = ({ out }: Ran) => out.split("\n").map((line) => line.replace(/ +/g, " ").trim());

Deno.test("tvp verify-report verifies what tvp sign signed, with and without the store", () =>
  inSigned(async ({ folder, report, verify }) => {
    const here = await verify("--share", "2");
    assertEquals(lastLines(here), [
      `signature good by ${keys.publicKey}`,
      "report good the bytes that were signed",
      "pipeline good p.yaml",
      "code good 2 stage types",
      "models good none is named",
      "data good 3",
      "tasks good 6 tasks, all keys",
      "recomputed good 2 of 6 tasks drawn by seed 1; the report itself; 3 other results taken by digest; all with the same bytes",
      "VERIFIED: all tasks that were computed again gave the signed bytes",
      "one false task would go unnoticed with a chance of 50 %",
      "",
    ]);
    assertEquals([here.code, here.err], [0, ""]);
    // Nothing is left of the store that it computed in, and no run is recorded.
    assertEquals(Deno.readDirSync(`${folder}/.tvp`).map(({ name }) => name).toArray().sort(), [
      "cache",
      "runs",
    ]);
    // Elsewhere there is no store: what the drawn ones need is computed as well.
    const statement = await verify("--cache", "empty", "--share", "1", "--json");
    const told = JSON.parse(statement.out);
    assertEquals([statement.code, told.verdict], [0, "same"]);
    assert(told.tasks.some(({ why }: { why: string }) => why === "needed"));
    // Either of the two files may be named, and the key be given.
    const args = [`${report}.intoto.jsonl`, "--share", "100%", "--key", keys.publicKey];
    Deno.removeSync(join(folder, "cache_keys.txt"));
    const all = await tvp(folder, "verify-report", ...args, { env: env(folder) });
    assertEquals(all.code, 0);
    assertStringIncludes(all.out, "all tasks were computed again");
  }));

/** What is done to a report, and what then is said of what. */
const TAMPERED: readonly [string, (signed: Signed) => void | Promise<void>, string[]][] = [
  [
    "a changed number in the report",
    ({ report }) => {
      Deno.chmodSync(report, 0o644);
      Deno.writeTextFileSync(report, Deno.readTextFileSync(report).replace("1", "2"));
    },
    ["report bad REPORT is not the file that was signed"],
  ],
  [
    "a report that is gone",
    ({ report }) => Deno.removeSync(report),
    ["report bad there is no file REPORT"],
  ],
  [
    "changed data",
    ({ write }) => write("rows.txt", "other rows"),
    [
      "data bad the contents differ here: ./rows.txt",
      "tasks bad 1 of 6 have different keys here",
      "data: parameters.files.rows.$file",
    ],
  ],
  [
    "a changed parameter",
    ({ write }) => write("p.yaml", pipeline.replace("step: 1", "step: 2")),
    ["tasks bad 1 of 6 have different keys here", "report: parameters.step"],
  ],
  [
    "one task less",
    ({ write }) => write("p.yaml", pipeline.replace("[0, 1]", "[0]")),
    [
      "tasks bad 3 of 6 have different keys here",
      "report: parameters.scores",
      "train[seed=1] is not in the pipeline here",
      "score[prompt=1] is not in the pipeline here",
    ],
  ],
  [
    "no such report in the pipeline",
    ({ write }) => write("p.yaml", pipeline.replace("report:", "other:")),
    ["tasks bad the pipeline here has no task report"],
  ],
  [
    "another digest of a task's output, that nothing fits to",
    ({ forge }) => forge((statement) => withOutput(statement, "data", "rows")),
    [
      "tasks bad 2 of 6 have different keys here",
      "train[seed=0]: parameters.inputs.rows.$artifact",
      "train[seed=1]: parameters.inputs.rows.$artifact",
    ],
  ],
  [
    "other code",
    ({ forge }) => forge((statement) => withCode(statement, "report")),
    [
      "code bad the code differs here: noop",
      "tasks bad 1 of 6 have different keys here",
      "report: code",
    ],
  ],
];

const other = "f".repeat(64) as Statement["predicate"]["tasks"][number]["key"] & string;

type SignedTask = Statement["predicate"]["tasks"][number];

function withTask(
  statement: Statement,
  name: string,
  change: (task: SignedTask) => SignedTask,
): Statement {
  const tasks = statement.predicate.tasks.map((task) => task.task === name ? change(task) : task);
  return { ...statement, predicate: { ...statement.predicate, tasks } };
}

function withOutput(statement: Statement, name: string, output: string): Statement {
  return withTask(statement, name, (task) => {
    const changed = { ...task.outputs[output]!, digest: other as never };
    return { ...task, outputs: { ...task.outputs, [output]: changed } };
  });
}

function withCode(statement: Statement, name: string): Statement {
  return withTask(statement, name, (task) => {
    const preimage = { ...task.preimage, code: other as never };
    return { ...task, preimage, key: keyOf(preimage) };
  });
}

for (const [what, tamper, expected] of TAMPERED) {
  Deno.test(`tvp verify-report sees ${what}`, () =>
    inSigned(async (signed) => {
      await tamper(signed);
      const ran = await signed.verify("--share", "1", "--trust");
      const bad = lastLines(ran).filter((line) => !/^\w+ good /.test(line));
      const shown = bad.map((line) => line.replace(signed.report, "REPORT"));
      assertEquals(shown, [...expected, "NOT VERIFIED", ""]);
      assertEquals([ran.code, ran.err], [1, ""]);
    }));
}

Deno.test("tvp verify-report sees a result that its task does not give", () =>
  inSigned(async ({ forge, verify }) => {
    // A liar who keeps to the keys: nothing else shows it.
    await forge((statement) => {
      const made = withOutput(statement, "report", "value");
      return { ...made, subject: [{ name: "value.json", digest: { sha256: other as never } }] };
    });
    const { code, out } = await verify("--share", "100%");
    assertEquals(code, 1);
    assertMatch(out, /report +bad/);
  }));

Deno.test("tvp verify-report believes no key but those it is told", () =>
  inSigned(async ({ folder, verify, report, write }) => {
    const others = await generateSigningKeys();
    const refused = [
      "signature bad no key that signed it is trusted here, so nothing else was checked",
      `it claims to be signed by ${keys.publicKey}`,
      "trusted keys are those in cache_keys.txt, and those given by --key",
      "NOT VERIFIED",
      "",
    ];
    const ran = await verify("--key", others.publicKey);
    assertEquals([ran.code, lastLines(ran)], [1, refused]);
    write("cache_keys.txt", others.publicKey);
    assertEquals(lastLines(await verify()), refused);
    assertEquals((await verify("--key", "no key")).code, 2);
    // A good statement, on another report.
    write("cache_keys.txt", keys.publicKey);
    const changed = pipeline.replace("step: 1", "step: 7");
    write("p.yaml", changed);
    const first = Deno.realPathSync(report);
    const again = await tvp(folder, "run", "p.yaml", "--trust", "--quiet", { env: env(folder) });
    assertEquals(again.code, 0);
    Deno.copyFileSync(`${first}.intoto.jsonl`, `${report}.intoto.jsonl`);
    const swapped = await verify();
    assertEquals(swapped.code, 1);
    assertMatch(swapped.out, /report +bad +\S+ is not the file that was signed/);
  }));

Deno.test("tvp verify-report sets again what was set for the run", () =>
  inSigned(async ({ folder, verify }) => {
    assertEquals((await run(folder, "run", "p.yaml", "--quiet", "--set", "vars.step=3")).code, 0);
    assertEquals((await run(folder, "sign", "--of", "report.value")).code, 0);
    const ran = await verify();
    assertEquals(ran.code, 0);
    assertMatch(ran.out, /^pipeline +good +p.yaml with vars.step=3$/m);
  }));

Deno.test("tvp verify-report tells equal bytes, scores that agree, and others apart", () =>
  inSigned(async ({ verify }) => {
    hidden("noise.txt", "b");
    hidden("scores.json", scores(504));
    const all = await verify("--share", "100%");
    const lines = lastLines(all);
    assertEquals(all.code, 0);
    assertStringIncludes(
      all.out,
      "train[seed=0]: different bytes of prompt, which has no score to compare",
    );
    assertStringIncludes(
      all.out,
      "score[prompt=0]: agrees within 0.4 points: different bytes of scores",
    );
    assertEquals(
      lines.at(-3),
      "AGREES within 0.4 points, with different bytes: bytes may differ between processors, providers and versions of ONNX Runtime (signed on a machine without models)",
    );
    // One task whose bytes tell nothing is judged by what is made of it.
    const drawn = JSON.parse((await verify("--share", "1", "--json", "--seed", seedOf(1))).out);
    assertEquals(drawn.tasks, [
      { task: "train[seed=0]", why: "drawn", state: "open", cause: "prompt" },
      { task: "score[prompt=0]", why: "needed", state: "agrees", within: 0.004, cause: "scores" },
      { task: "report", why: "report", state: "same" },
    ]);
    assertEquals((await verify("--share", "100%", "--tolerance", "0.3%")).code, 1);
    hidden("scores.json", scores(600));
    const far = await verify("--share", "100%");
    assertEquals(far.code, 1);
    assertStringIncludes(far.out, "differs by 10 points: different bytes of scores");
  }));

Deno.test("tvp verify-report runs no code of the file that is not trusted here", () =>
  inSigned(async ({ folder, report, verify }) => {
    Deno.removeSync(join(folder, "config"), { recursive: true });
    const before = Deno.readTextFileSync(report);
    const ran = await verify();
    assertEquals([ran.code, ran.out], [2, ""]);
    assertStringIncludes(ran.err, "Cannot run p.yaml: it brings code that is not trusted");
    assertEquals(Deno.readTextFileSync(report), before);
    assertEquals((await verify("--trust")).code, 0);
  }));

Deno.test("tvp verify-report reads no statement without end, and opens no file elsewhere", () =>
  inSigned(async ({ report, verify, forge }) => {
    const path = `${report}.intoto.jsonl`;
    const whole = Deno.readTextFileSync(path);
    const said = async (make: () => void | Promise<void>) => {
      await make();
      const { code, err } = await verify();
      return `${code} ${err.split("\n")[0]!.replace(path, "PATH")}`;
    };
    const begin = '2 error: Cannot read the signed statement "PATH":';
    const text = (content: string) => () => Deno.writeTextFileSync(path, content);
    assertEquals(await said(text(whole.slice(0, -40))), `${begin} it is not JSON`);
    assertEquals(
      await said(() => Deno.truncateSync(path, 2 ** 31)),
      `${begin} it has 2147483648 bytes, and at most 67108864 can be read`,
    );
    Deno.removeSync(path);
    assertEquals(await said(() => {}), `${begin} there is no such file`);
    assertEquals(
      await said(() => Deno.mkdirSync(path)),
      `${begin} it is a folder`,
    );
    Deno.removeSync(path);
    const fifo = () => void new Deno.Command("mkfifo", { args: [path] }).outputSync();
    assertEquals(await said(fifo), `${begin} it is a named pipe`);
    Deno.removeSync(path);
    for (const file of ["/etc/passwd", "../p.yaml", "a/../../p.yaml"]) {
      text(whole)();
      const elsewhere = (statement: Statement) => ({
        ...statement,
        predicate: { ...statement.predicate, pipeline: { name: "small", file, set: [] } },
      });
      assertEquals(
        await said(() => forge(elsewhere)),
        `2 error: Cannot open the pipeline file "${file}" as it was signed: it is not in this folder`,
      );
    }
  }));

Deno.test("tvp sign signs nothing that is not what the run left", () =>
  inSigned(async ({ folder, report, write }) => {
    const sign = async (...args: string[]) => {
      const { code, err } = await tvp(folder, "sign", ...args, { env: env(folder) });
      return `${code} ${err.split("\n")[0]!.replace(/\d{8}T\w+-\w+/g, "RUN")}`;
    };
    assertEquals(await sign(), "2 error: Cannot sign run RUN of small: it has no report.json");
    assertEquals(
      await sign("p.yaml", "--of", "report.html"),
      "2 error: Cannot sign run RUN of small: it has no output report.html",
    );
    assertEquals(await sign("nothing"), '2 error: Cannot sign run "nothing": there is no such run');
    Deno.chmodSync(report, 0o644);
    Deno.writeTextFileSync(report, "{}");
    assertEquals(
      await sign("--of", "report.value"),
      "2 error: Cannot sign .tvp/runs/small/RUN/report/value.json: it is not what the run wrote",
    );
    write("rows.txt", "other");
    assertEquals(
      await sign("--of", "report.value"),
      "2 error: Cannot sign run RUN of small: data now has another key",
    );
    const keyless = await tvp(folder, "sign", { env: { TVP_CACHE_PRIVATE_KEY: "" } });
    assertEquals(
      [keyless.code, keyless.err.split("\n")[0]],
      [
        2,
        "error: Cannot sign a report: there is no key to sign with, TVP_CACHE_PRIVATE_KEY is not set",
      ],
    );
  }));
