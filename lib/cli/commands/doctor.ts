import { type Command, exitCodes, hasFlag } from "../command.ts";
import { printJson, printText } from "../print.ts";

/** Looks at the machine. */
const command: Command = {
  name: "doctor",
  summary: "Says which devices ONNX Runtime can use here, and what is missing for the others.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp doctor",
  options: { json: { type: "flag", help: "the report as JSON" } },
  async run(args) {
    const { examineMachine, printDoctorReport } = await import("../../runtime/doctor.ts");
    const report = await examineMachine();
    if (hasFlag(args, "json")) printJson(report);
    else printText(printDoctorReport(report));
    return exitCodes.done;
  },
};
export default command;
