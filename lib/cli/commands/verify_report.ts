import { isAbsolute, normalize } from "@std/path";
import type { Share } from "../../attestation/draw.ts";
import { type Envelope, readEnvelope, signerOf } from "../../attestation/envelope.ts";
import { judge, type ReportVerdict } from "../../attestation/judge.ts";
import { readStatement, type Statement } from "../../attestation/statement.ts";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { dependentsOf } from "../../pipeline/plan/graph.ts";
import {
  check,
  checkBytes,
  checkSources,
  claimedTasks,
  pipelineRow,
  type ReportCheck,
} from "../check_report.ts";
import {
  type Command,
  type CommandArguments,
  exitCodes,
  hasFlag,
  numberOption,
  pipelineOptions,
  textOption,
} from "../command.ts";
import { deviceOptions } from "../device.ts";
import { openPipeline } from "../../workspace/open_pipeline.ts";
import { knownVerifier, publicKeysFile } from "../../workspace/open_store.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { pipelineOf } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import { percentOf, shareOf } from "../quantity.ts";
import { recomputeShare } from "../recompute_share.ts";
import { readStatementFile, reportPath, statementPath, unreadable } from "../report_file.ts";
import { checkShare, checkTable, conclusion, type ShareFacts } from "../tell_report.ts";
import type { TrustItem } from "../../workspace/trust_items.ts";

/** Checks a signed report. */
const command: Command = {
  name: "verify-report",
  summary: "Checks a signed report: signature, code, models, data, and a share computed again.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp verify-report .tvp/runs/quickstart/latest/report/report.json --share 10%",
  failure: "the report is not verified",
  interrupted: "interrupted",
  options: {
    key: {
      type: "text",
      value: "KEY",
      repeat: true,
      help: `a public key to trust, or a file of public keys; default ${publicKeysFile}`,
    },
    share: { type: "text", value: "SHARE", help: "tasks to compute again, 10% or 5; default 10%" },
    seed: { type: "number", value: "N", zero: true, help: "draws the same tasks again" },
    tolerance: {
      type: "text",
      value: "PERCENT",
      help:
        "where bytes differ: the largest difference in accuracy that counts as equal; default 1%, one point",
    },
    pipeline: { type: "text", value: "FILE", help: "the pipeline file; default as it was signed" },
    jobs: { type: "number", value: "N", help: "run at most N tasks at once; default one per core" },
    provider: deviceOptions.provider,
    cache: pipelineOptions.cache,
    remote: pipelineOptions.remote,
    trust: { type: "flag", help: "trust the file's own stages and programs, now and later" },
    json: pipelineOptions.json,
  },
  async run(args) {
    const report = reportPath(args.operands[0]!);
    const asked = {
      share: shareOf(textOption(args, "share") ?? "10%", "--share"),
      tolerance: percentOf(textOption(args, "tolerance") ?? "1%", "--tolerance") / 100,
      seed: numberOption(args, "seed") ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
    };
    const envelope = readStatementFile(report, readEnvelope);
    const key = await signerOf(envelope, await knownVerifier(args.options.get("key")));
    if (key === undefined) return tell(args, { checks: [unsigned(envelope)], verdict: refused });
    const statement = payloadOf(report, envelope);
    const signature = check("signature", "good", `by ${key}`);
    return await checkStatement(args, { report, statement, signature, ...asked });
  },
};
export default command;

const refused: ReportVerdict = { verdict: "differs" };

/** What is known of a check when the signature is good. */
interface Asked {
  readonly report: string;
  readonly statement: Statement;
  readonly signature: ReportCheck;
  readonly share: Share;
  readonly tolerance: number;
  readonly seed: number;
}

/** The result of a check, for the last output. */
interface Told {
  readonly checks: readonly ReportCheck[];
  readonly verdict: ReportVerdict;
  readonly statement?: Statement;
  readonly share?: ShareFacts;
}

async function checkStatement(args: CommandArguments, asked: Asked): Promise<number> {
  const { report, statement } = asked;
  const replay = replayArguments(args, statement);
  const first = [
    asked.signature,
    await checkBytes(report, statement),
    pipelineRow(replay.operands[0]!, statement),
  ];
  const mayRun = async (items: readonly TrustItem[]) => {
    if (items.length > 0) (await import("../ask_trust.ts")).askTrust(replay, items);
  };
  await using opened = await openPipeline(pipelineOf(replay), {
    mayRun,
    onOpen: giveUpAfterOpening,
  });
  const claimed = claimedTasks(opened.plan, statement);
  const { task } = statement.predicate.report;
  const checks = claimed === undefined
    ? [...first, check("tasks", "bad", `the pipeline here has no task ${task}`)]
    : [...first, ...await checkSources(claimed, opened, statement)];
  if (claimed === undefined || checks.some(({ state }) => state === "bad")) {
    return tell(args, { checks, verdict: refused, statement });
  }
  const { verdicts, given, isInterrupted } = await recomputeShare(args, {
    ...asked,
    claimed,
    opened,
  });
  if (isInterrupted) return exitCodes.interrupted;
  const verdict = judge(verdicts, dependentsOf(opened.plan.tasks));
  const share = { verdicts, given, all: claimed.tasks.length, seed: asked.seed };
  return tell(args, {
    checks: [...checks, checkShare(share, verdict)],
    verdict,
    statement,
    share,
  });
}

function unsigned({ signatures }: Envelope): ReportCheck {
  const keys = signatures.map(({ keyid }) => keyid ?? "a key without a name");
  return check(
    "signature",
    "bad",
    "no key that signed it is trusted here, so nothing else was checked",
    [
      `it claims to be signed by ${keys.join(", ")}`,
      `trusted keys are those in ${publicKeysFile}, and those given by --key`,
    ],
  );
}

/** @throws {DiagnosticError} where somebody who is believed has signed what is not a statement. */
function payloadOf(report: string, { payload }: Envelope): Statement {
  try {
    return readStatement(payload);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unreadable(statementPath(report), error.message);
  }
}

/**
 * The arguments that open the pipeline as it was. A signature vouches for results and not for code:
 * what the file, or a value that is set, brings to run has to be trusted here.
 */
function replayArguments(args: CommandArguments, { predicate }: Statement): CommandArguments {
  const { file, set } = predicate.pipeline;
  const options = new Map([
    ...args.options,
    ["set", set] as const,
    ["require-trust", [""]] as const,
  ]);
  return { operands: [textOption(args, "pipeline") ?? fileHere(file)], options };
}

function fileHere(file: string): string {
  if (!isAbsolute(file) && !normalize(file).startsWith("..")) return file;
  const message =
    `Cannot open the pipeline file "${file}" as it was signed: it is not in this folder`;
  const notes = ["--pipeline FILE says where it is"];
  throw diagnosticError("usage", message, notes);
}

function tell(args: CommandArguments, { checks, verdict, statement, share }: Told): number {
  const hosts = statement?.predicate.tasks.map(({ host }) => host) ?? [];
  if (hasFlag(args, "json")) {
    const tasks = share?.verdicts.map(({ index: _, ...task }) => task) ?? [];
    printJson({ ...verdict, checks, tasks, ...(share ? { seed: share.seed } : {}) });
  } else printLine(`${checkTable(checks)}\n${conclusion(verdict, share, hosts)}`);
  const isGood = verdict.verdict === "same" || verdict.verdict === "agrees";
  return isGood ? exitCodes.done : exitCodes.failed;
}
