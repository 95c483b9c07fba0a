import type { DeviceReport, DoctorReport } from "../../runtime/doctor.ts";
import { type Command, exitCodes, hasFlag, textOption } from "../command.ts";
import { liveLine } from "../live_line.ts";
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
    json: { type: "flag", help: "the report as JSON" },
  },
  failure: "the device of --require does not work, or --install failed",
  async run(args) {
    const { examineMachine, printDoctorReport } = await import("../../runtime/doctor.ts");
    if (textOption(args, "install") !== undefined) await install();
    const report = await examineMachine();
    if (hasFlag(args, "json")) printJson(report);
    else printText(printDoctorReport(report));
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
