import { assertEquals } from "@std/assert";
import {
  accountingArguments,
  adviceOnReason,
  batchScript,
  complaint,
  elementId,
  formatTimeLimit,
  isTransient,
  type JobRequest,
  parseRows,
  parseSubmitted,
  phaseOf,
  requestArguments,
  saidBefore,
  splitArguments,
  submitArguments,
} from "../../lib/executors/slurm_text.ts";

Deno.test("requestArguments() says what a job needs", () => {
  const cases: [string, Partial<JobRequest>, string[]][] = [
    ["defaults", {}, ["--cpus-per-task=2", "--signal=B:TERM@60"]],
    ["whole numbers, rounded up", {
      resources: { cpu: 1.5, gpu: 0.5, memoryBytes: 1_000_001, timeMs: 600_500 },
    }, [
      "--cpus-per-task=2",
      "--mem=1M",
      "--time=00:10:01",
      "--signal=B:TERM@60",
      "--gres=gpu:1",
    ]],
    ["no warning where it would come at once", {
      resources: { cpu: 1, gpu: 0, timeMs: 60_000 },
    }, ["--cpus-per-task=1", "--time=00:01:00"]],
    ["options of the file, then the user's", {
      resources: { cpu: 1, gpu: 2 },
      settings: {
        partition: "gpu",
        account: "vision",
        qos: "high",
        constraint: "a100",
        reservation: "course",
        gres: "gpu:a100:2",
        args: ["--exclusive"],
      },
      extra: ["--nice=10"],
    }, [
      "--cpus-per-task=1",
      "--signal=B:TERM@60",
      "--gres=gpu:a100:2",
      "--partition=gpu",
      "--account=vision",
      "--qos=high",
      "--constraint=a100",
      "--reservation=course",
      "--exclusive",
      "--nice=10",
    ]],
  ];
  for (const [name, request, expected] of cases) {
    const full = { resources: { cpu: 2, gpu: 0 }, settings: {}, extra: [], ...request };
    assertEquals(requestArguments(full), expected, name);
  }
});

Deno.test("submitArguments() makes an array of several jobs only", () => {
  const batch = { name: "tvp-step-1", folder: "/s/b", size: 1 };
  assertEquals(submitArguments(["--x"], batch), [
    "--parsable",
    "--job-name=tvp-step-1",
    "--chdir=/s/b",
    "--output=/s/b/%A.log",
    "--open-mode=append",
    "--requeue",
    "--x",
    "/s/b/job.sh",
  ]);
  const many = submitArguments([], { ...batch, size: 3 });
  assertEquals([many[3], many[4]], ["--array=0-2", "--output=/s/b/%A_%a.log"]);
  const percent = submitArguments([], { ...batch, folder: "/a%jx/%%" });
  assertEquals([percent[2], percent[3]], ["--chdir=/a%jx/%%", "--output=/a%%jx/%%%%/%A.log"]);
  assertEquals([elementId("7", 0, 1), elementId("7", 2, 3)], ["7", "7_2"]);
});

Deno.test("formatTimeLimit() rounds up to seconds", () => {
  const cases: [number, string][] = [
    [1, "00:00:01"],
    [60_000, "00:01:00"],
    [5_400_000, "01:30:00"],
    [172_800_000, "48:00:00"],
  ];
  for (const [ms, text] of cases) assertEquals(formatTimeLimit(ms), text);
});

Deno.test("batchScript() quotes what a shell would read otherwise", () => {
  assertEquals(
    batchScript(["/a b/deno", "run", "it's"], {
      setup: "module load cuda\n",
      variables: { KEY: "a b" },
    }),
    "#!/bin/sh\nmodule load cuda\nKEY='a b' exec '/a b/deno' run 'it'\\''s'\n",
  );
});

Deno.test("parseSubmitted() reads the id of a job, with or without a cluster", () => {
  const cases: [string, string | undefined][] = [
    ["123\n", "123"],
    ["123;west\n", "123"],
    ["some banner\n456\n", "456"],
    ["", undefined],
    ["sbatch: queued", undefined],
  ];
  for (const [text, id] of cases) assertEquals(parseSubmitted(text), id, text);
});

Deno.test("parseRows() reads what squeue and sacct print", () => {
  const row = (id: string, state: string, more = {}) => ({
    id,
    state,
    nodes: "",
    elapsed: "",
    reason: "",
    name: "",
    ...more,
  });
  const cases: [string, ReturnType<typeof row>[]][] = [
    ["", []],
    ["slurm_load_jobs error: something\n", []],
    ["7_2|RUNNING|node[1-2]|1-02:03:04|None|tvp-step-1\n", [
      row("7_2", "RUNNING", { nodes: "node[1-2]", elapsed: "1-02:03:04", name: "tvp-step-1" }),
    ]],
    ["7|PENDING||0:00|Resources|a|b", [
      row("7", "PENDING", { elapsed: "0:00", reason: "Resources", name: "a|b" }),
    ]],
    // sacct: steps have no row with --allocations; what stands after the word is dropped.
    ["8|CANCELLED by 1000|None assigned|00:00:00|None|x\n8.batch|CANCELLED|n1|00:00:00||x\n", [
      row("8", "CANCELLED", { elapsed: "00:00:00", name: "x" }),
    ]],
    ["9_[3-9%2]|PENDING||0:00|Priority|x", []],
  ];
  for (const [text, rows] of cases) assertEquals(parseRows(text), rows, text);
});

Deno.test("accountingArguments() asks for the same columns", () => {
  assertEquals(accountingArguments(["1", "2_3"]).slice(0, 2), ["--jobs=1,2_3", "--allocations"]);
});

Deno.test("phaseOf() knows the states of Slurm", () => {
  const phases = { waits: "PENDING REQUEUED REQUEUE_HOLD SPECIAL_EXIT", runs: "RUNNING SUSPENDED" };
  for (const [phase, states] of Object.entries(phases)) {
    for (const state of states.split(" ")) assertEquals(phaseOf(state), phase, state);
  }
  const ended = "COMPLETED FAILED TIMEOUT CANCELLED NODE_FAIL OUT_OF_MEMORY PREEMPTED NEW_ONE";
  for (const state of ended.split(" ")) assertEquals(phaseOf(state), "ended", state);
});

Deno.test("adviceOnReason() speaks only where waiting does not help", () => {
  const waits = ["", "Resources", "Priority", "BeginTime", "QOSMaxJobsPerUserLimit", "Dependency"];
  for (const reason of waits) assertEquals(adviceOnReason(reason), undefined, reason);
  const stuck = [
    "JobHeldAdmin",
    "launch failed requeued held",
    "BadConstraints",
    "PartitionConfig",
    "PartitionTimeLimit",
    "PartitionDown",
    "QOSMaxCpuPerJobLimit",
    "AssocMaxCpuPerJobLimit",
    "InvalidAccount",
    "ReqNodeNotAvail, UnavailableNodes:n1",
  ];
  for (const reason of stuck) assertEquals(typeof adviceOnReason(reason), "string", reason);
});

Deno.test("saidBefore() keeps what a command says before its last line, within bounds", () => {
  assertEquals(saidBefore("sbatch: error: one\n\nsbatch: error: two\n"), ["one"]);
  assertEquals(saidBefore("one"), []);
  const lines = Array.from({ length: 20 }, (_, i) => `${i}${"x".repeat(400)}`);
  const kept = saidBefore(lines.join("\n"));
  assertEquals([kept.length, kept[9]!.length, kept[9]!.slice(0, 2)], [10, 300, "18"]);
});

Deno.test("complaint() and isTransient() read error messages", () => {
  const cases: [string, string, boolean][] = [
    [
      "sbatch: error: Batch job submission failed: Invalid qos specification\n",
      "Invalid qos specification",
      false,
    ],
    [
      "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
      "Unable to contact slurm controller (connect failure)",
      true,
    ],
    [
      "sbatch: error: slurm_receive_msg: Socket timed out on send/recv operation\n",
      "slurm_receive_msg: Socket timed out on send/recv operation",
      true,
    ],
    ["", "it said nothing", false],
  ];
  for (const [stderr, text, transient] of cases) {
    assertEquals([complaint(stderr), isTransient(complaint(stderr))], [text, transient]);
  }
});

Deno.test("splitArguments() respects quotes", () => {
  assertEquals(splitArguments(`--exclusive  --comment='two words' -w "n 1"`), [
    "--exclusive",
    "--comment=two words",
    "-w",
    "n 1",
  ]);
  assertEquals(splitArguments(""), []);
});
