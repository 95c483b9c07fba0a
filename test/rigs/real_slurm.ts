/**
 * A Slurm of one node, in a folder, for as long as a command runs.
 *
 *     deno run -A test/rigs/real_slurm.ts deno task pipeline pipelines/quickstart.yaml --executor slurm
 *
 * Without a command it runs the checks below. Needs Debian's slurm-wlm and munge; skips where they
 * are missing.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo"];

/** A running Slurm; `environment` makes its programs talk to it. */
interface RealSlurm extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
}

async function run(
  program: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null", ...options });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, text: text.decode(stdout) + text.decode(stderr) };
}

async function missing(): Promise<string[]> {
  const found = await Promise.all(
    programs.map(async (name) => (await run("sh", ["-c", `command -v ${name}`])).code === 0),
  );
  return programs.filter((_, index) => !found[index]);
}

function configuration(folder: string, host: string): string {
  const user = Deno.uid() === 0 ? "root" : Deno.env.get("USER") ?? "";
  return `ClusterName=rig
SlurmctldHost=${host}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.sock
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
ReturnToService=2
MpiDefault=none
KillWait=5
NodeName=${host} CPUs=${navigator.hardwareConcurrency} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}

async function startSlurm(): Promise<RealSlurm> {
  const folder = await Deno.makeTempDir({ prefix: "slurm-" });
  const host = (await run("hostname", ["-s"])).text.trim();
  const conf = `${folder}/slurm.conf`;
  for (const name of ["state", "spool"]) Deno.mkdirSync(`${folder}/${name}`);
  const key = crypto.getRandomValues(new Uint8Array(1024));
  Deno.writeFileSync(`${folder}/munge.key`, key, { mode: 0o400 });
  Deno.writeTextFileSync(conf, configuration(folder, host));
  const environment = { SLURM_CONF: conf };
  const inFolder = (name: string) => `--${name}=${folder}/munge.${name.replace("-file", "")}`;
  const munge = ["key-file", "pid-file", "log-file", "seed-file"].map(inFolder);
  await start("munged", ["--force", ...munge, `--socket=${folder}/munge.sock`]);
  await start("slurmctld", ["-f", conf]);
  await start("slurmd", ["-f", conf]);
  await until(async () =>
    (await run("sinfo", ["-h", "-o", "%T"], { env: environment })).text.trim() === "idle"
  );
  return { environment, [Symbol.asyncDispose]: () => stopSlurm(folder, environment) };
}

async function start(program: string, args: readonly string[]): Promise<void> {
  const { code, text } = await run(program, args);
  if (code !== 0) throw new Deno.errors.NotCapable(`Cannot start ${program}: ${text.trim()}`);
}

async function stopSlurm(folder: string, env: Record<string, string>): Promise<void> {
  await run("scancel", ["--me"], { env });
  const jobs = async () => (await run("squeue", ["--me", "-h"], { env })).text.trim();
  await until(async () => await jobs() === "");
  const pids = ["slurmd", "slurmctld", "munge"].map((name) =>
    Number(Deno.readTextFileSync(`${folder}/${name}.pid`))
  );
  for (const pid of pids) Deno.kill(pid, "SIGTERM");
  await until(() => Promise.resolve(!pids.some((pid) => isRunning(pid))));
  await Deno.remove(folder, { recursive: true });
}

function isRunning(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await holds()) {
    if (performance.now() > deadline) throw new RangeError("Cannot wait longer for Slurm");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const pipeline = `name: cluster
vars: { partition: main, turns: 3, eat: 1 }
defaults:
  executor: { slurm: { partition: "\${{ vars.partition }}" } }
  resources: { cpu: 1, memory: 300MiB, time: 10m }
stages:
  make:
    uses: command
    matrix: { n: [1, 2, 3, 4] }
    with:
      run: [sh, -c, "for i in $(seq \${{ vars.turns }}); do sleep 0.2; done; \
head -c \${{ vars.eat }}M /dev/zero | tail | wc -c > {outputs.out}; : \${{ matrix.n }}"]
      outputs: { out: text }
  count: { uses: noop, with: { all: "\${{ stages.make.*.out }}" } }
`;

/** What only a real Slurm can show. */
async function check({ environment }: RealSlurm): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "slurm-work-" });
  Deno.writeTextFileSync(`${cwd}/p.yaml`, pipeline);
  const env = { ...environment, NO_COLOR: "1" };
  const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;
  const args = (
    ...more: string[]
  ) => ["run", "-A", main, "run", "p.yaml", "--executor", "slurm", ...more];
  const tvp = (...more: string[]) => run(Deno.execPath(), args(...more), { cwd, env });

  const first = await tvp();
  assertMatch(first.text, /Done: 5 tasks, 5 ran/);
  console.log("ok: four jobs as an array, then a task of the runner's own");

  const nope = await tvp("--set", "vars.partition=nope", "--set", "vars.turns=4");
  assertStringIncludes(nope.text, "to Slurm: Invalid partition name specified");
  console.log("ok: what Slurm refuses is told");

  const long = args("--set", "vars.turns=30", "--keep-going");
  const killed = new Deno.Command(Deno.execPath(), { args: long, cwd, env, stdout: "null" })
    .spawn();
  const queue = async () => (await run("squeue", ["--me", "-h", "-t", "RUNNING"], { env })).text;
  await until(async () => await queue() !== "");
  killed.kill("SIGKILL");
  await killed.status;
  assert(await queue() !== "", "the jobs go on without their runner");
  const second = await run(Deno.execPath(), long, { cwd, env });
  assertMatch(second.text, /of an earlier run works on make/);
  assertMatch(second.text, /Done: 5 tasks, 4 ran, 1 cached/);
  console.log("ok: the jobs of a runner that was killed are taken over");

  const eaten = await tvp("--set", "vars.eat=2000", "--target", "make[n=1]");
  assertStringIncludes(eaten.text, "ran out of memory");
  assertStringIncludes(eaten.text, "raise resources.memory of stage make, now 300 MiB");
  console.log("ok: too little memory is told");

  const child = new Deno.Command(Deno.execPath(), {
    args: args("--set", "vars.turns=500"),
    cwd,
    env,
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(async () => await queue() !== "");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await until(async () => (await run("squeue", ["--me", "-h"], { env })).text.trim() === "");
  console.log("ok: Ctrl-C leaves no job behind");
  await Deno.remove(cwd, { recursive: true });
}

if (import.meta.main) {
  const lacks = await missing();
  if (lacks.length > 0) {
    console.log(`Skipped: no ${lacks.join(", ")} here (Debian: slurm-wlm, munge)`);
    Deno.exit(0);
  }
  const [program, ...args] = Deno.args;
  let code = 0;
  {
    await using slurm = await startSlurm();
    if (program === undefined) await check(slurm);
    else {
      const command = new Deno.Command(program, { args, env: { ...slurm.environment } });
      code = (await command.spawn().status).code;
    }
  }
  Deno.exit(code);
}
