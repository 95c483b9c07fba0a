import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder, type Ran, tvp } from "./workplace.ts";

const programs = new URL("../rigs/fake_slurm_bin", import.meta.url).pathname;
const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

const text = `name: cluster
vars: { partition: main, command: "echo working; echo made > {outputs.out}" }
defaults:
  executor: { slurm: { partition: "\${{ vars.partition }}", account: course } }
  resources: { cpu: 1, memory: 1GiB, time: 2h }
stages:
  make:
    uses: command
    matrix: { n: [1, 2] }
    resources: { cpu: 2 }
    executor: { slurm: { qos: high } }
    with:
      run: [sh, -c, "\${{ vars.command }}; : \${{ matrix.n }}"]
      outputs: { out: text }
  count: { uses: noop, with: { all: "\${{ stages.make.*.out }}" } }
`;

/** A folder with a pipeline, and a Slurm that runs jobs at once. */
async function onCluster(
  body: (folder: string, run: (...args: string[]) => Promise<Ran>, env: Env) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, text);
    Deno.mkdirSync(`${folder}/slurm`);
    const env = { FAKE_SLURM: `${folder}/slurm`, PATH: `${programs}:${Deno.env.get("PATH")}` };
    await body(folder, (...args) => tvp(folder, ...args, { env }), env);
  });
}

type Env = Readonly<Record<string, string>>;

Deno.test("tvp run --executor slurm runs jobs through sbatch, and finds them cached", async () => {
  await onCluster(async (folder, run) => {
    const first = await run("run", "p.yaml", "--executor", "slurm", "--slurm-args", "--nice=5");
    assertEquals(first.code, 0, first.out + first.err);
    assertStringIncludes(first.out, "Done: 3 tasks, 3 ran");
    assertStringIncludes(first.out, "  make[n=2]: working");
    const submitted = Deno.readTextFileSync(`${folder}/slurm/submitted`);
    assertStringIncludes(
      submitted,
      "--array=0-1 --output=",
    );
    assertStringIncludes(
      submitted,
      "--cpus-per-task=2 --mem=1024M --time=02:00:00 --signal=B:TERM@60 --partition=main " +
        "--account=course --qos=high --nice=5 ",
    );
    assertEquals([...Deno.readDirSync(`${folder}/.tvp/cache/slurm/batches`)], []);
    const second = await run("run", "p.yaml", "--executor", "slurm");
    assertStringIncludes(second.out, "Nothing to do: 3 tasks, all cached");
    const local = await run("run", "p.yaml");
    assertStringIncludes(local.out, "Nothing to do: 3 tasks, all cached");
  });
});

Deno.test("tvp run --executor slurm says what Slurm and the task have against it", async () => {
  await onCluster(async (_folder, run) => {
    const refused = await run(
      "run",
      "p.yaml",
      "--executor",
      "slurm",
      "--set",
      "vars.partition=nope",
    );
    assertEquals(refused.code, 1);
    assertStringIncludes(
      refused.out,
      '✗ make[n=1]: Cannot submit task "make[n=1]" to Slurm: Invalid partition name specified\n',
    );
    const failing = await run("run", "p.yaml", "--executor=slurm", "--set", "vars.command=exit 3");
    assertEquals(failing.code, 1);
    assertStringIncludes(failing.out, 'Cannot finish "sh": it ended with exit code 3');
  });
});

Deno.test("a secret that a job of Slurm is given lies nowhere in plain text while it runs", async () => {
  await onCluster(async (folder, _run, env) => {
    // It looks for its secret wherever the runner and Slurm keep files, and after that prints it.
    const script = `echo "$HF_TOKEN" | wc -c > {outputs.out}; ` +
      `grep -rl -e "$HF_TOKEN" ${folder} >> {outputs.out}; echo "got $HF_TOKEN"; ` +
      `grep -rl -e "$HF_TOKEN" ${folder} >> {outputs.out}; true`;
    const pipeline = `name: p
env: { HF_TOKEN: null }
stages:
  a:
    uses: command
    env: { HF_TOKEN: "\${{ env.HF_TOKEN }}" }
    with: { run: [sh, -c, ${JSON.stringify(script)}], outputs: { out: text } }
`;
    Deno.writeTextFileSync(`${folder}/p.yaml`, pipeline);
    const secret = { ...env, HF_TOKEN: "canary-hf-0123456789" };
    const ran = await tvp(folder, "run", "p.yaml", "--executor", "slurm", { env: secret });
    assertEquals(ran.code, 0, ran.out + ran.err);
    assertStringIncludes(ran.out, "got [HF_TOKEN]");
    const out = Deno.readTextFileSync(`${folder}/.tvp/runs/p/latest/a/out.txt`);
    assertEquals(out.trim(), `${secret.HF_TOKEN.length + 1}`);
  });
});

Deno.test("tvp run --executor slurm leaves no job behind when it is interrupted", async () => {
  await onCluster(async (folder, _run, env) => {
    const set = `vars.command=echo up > ${folder}/up; while true; do sleep 0.05; done`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, "run", "p.yaml", "--executor", "slurm", "--set", set],
      cwd: folder,
      env: { ...env, NO_COLOR: "1" },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    await until(() => exists(`${folder}/up`));
    child.kill("SIGINT");
    const { code, stdout } = await child.output();
    assertEquals(code, 130, new TextDecoder().decode(stdout));
    const states = [...Deno.readDirSync(env.FAKE_SLURM!)].filter((entry) => entry.isDirectory)
      .map((entry) => `${env.FAKE_SLURM}/${entry.name}/state`);
    assertEquals(states.length, 2);
    await until(() => states.every((path) => Deno.readTextFileSync(path) === "FAILED\n"));
  });
});

Deno.test("tvp run --executor slurm needs Slurm's programs", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, text);
    const env = { PATH: "/nowhere" };
    const ran = await tvp(folder, "run", "p.yaml", "--executor", "slurm", { env });
    assertEquals(ran.code, 2);
    assertStringIncludes(
      ran.err,
      "Cannot use --executor slurm: no sbatch, squeue, scancel on the PATH",
    );
    const local = await tvp(folder, "run", "p.yaml", "--slurm-args", "--nice=1");
    assertStringIncludes(
      local.err,
      "Cannot use --slurm-args: expected --executor slurm with it",
    );
    assert(!exists(`${folder}/.tvp/runs`));
  });
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** Waits for other processes. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new RangeError("Cannot wait longer");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
