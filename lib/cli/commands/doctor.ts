import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { DeviceReport, DoctorReport } from "../../runtime/doctor.ts";
import { type Command, exitCodes, hasFlag, textOption } from "../command.ts";
import { liveLine } from "../live_line.ts";
import { modelPath } from "../open_model.ts";
import { printDiagnostics } from "../print_diagnostics.ts";
import { printJson, printLine, printText } from "../print.ts";

/** Devices that a machine may lack. */
const lacking = ["cuda", "webgpu"];

/** Looks at the machine. */
const command: Command = {
  name: "doctor",
  summary: "Says which devices ONNX Runtime can use here, and what is missing for the others.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp doctor",
  options: {
    require: { type: "text", choices: lacking, help: "fail where this device does not work" },
    install: {
      type: "text",
      choices: ["cuda"],
      help: "fetch ONNX Runtime's provider for it, in the installed version (247 MB)",
    },
    model: {
      type: "text",
      value: "MODEL",
      help: "also which nodes of a training step on it would run on the CPU with CUDA",
    },
    json: { type: "flag", help: "the report as JSON" },
  },
  failure: "the device of --require does not work, or --install failed",
  async run(args) {
    const { examineMachine, printDoctorReport } = await import("../../runtime/doctor.ts");
    if (textOption(args, "install") !== undefined) await install();
    const report = await examineMachine();
    const placed = await placementOf(textOption(args, "model"));
    if (hasFlag(args, "json")) printJson({ ...report, ...(placed ? { placement: placed } : {}) });
    else printText(printDoctorReport(report));
    if (placed && !hasFlag(args, "json")) printLine(`${placed.model} on cuda: ${placed.line}`);
    const wanted = requiredDevice(report, textOption(args, "require"));
    if (wanted === undefined || wanted.works) return exitCodes.done;
    printDiagnostics([{
      code: "provider-unavailable",
      severity: "error",
      message: wanted.cause ?? "",
      notes: wanted.advice,
    }]);
    return exitCodes.failed;
  },
};
export default command;

const requiredDevice = ({ devices }: DoctorReport, name: string | undefined) =>
  devices.find(({ device }: DeviceReport) => device === name);

/** Where a step on a model of this machine would run. */
async function placementOf(name: string | undefined) {
  if (name === undefined) return undefined;
  const { placeModel } = await import("../../workspace/place_models.ts");
  if (name.startsWith("hf://")) {
    throw diagnosticError("usage", `Cannot use --model ${name}: it is not on this machine`, [
      `tvp models check ${name} fetches it and says the same`,
    ]);
  }
  return { model: name, ...await placeModel({ name, path: await modelPath(name) }) };
}

/** Fetches CUDA's provider and puts it beside the binding. */
async function install(): Promise<void> {
  const { installProvider, wheelFor } = await import("../../runtime/install_provider.ts");
  const { bindingDirectory, runtimeVersion } = await import("../../runtime/session.ts");
  const { devices } = await import("../../runtime/provider.ts");
  const wheel = wheelFor(await runtimeVersion());
  using line = liveLine();
  const paths = await installProvider(wheel, {
    directory: bindingDirectory(),
    files: devices.cuda.besideBinding,
    onProgress: (done, total) =>
      line.show(`fetching ${wheel.file}: ${megabytes(done)} of ${megabytes(total)} MB`),
  });
  line[Symbol.dispose]();
  for (const path of paths) printLine(`installed ${path}`);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
