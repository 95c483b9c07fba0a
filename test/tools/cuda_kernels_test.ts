import { assertEquals, assertStringIncludes } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { kernelVersion } from "../../lib/runtime/cuda_kernels.ts";
import { printKernels } from "./cuda_kernels.ts";

const heading = (provider: string) => `
## Operators implemented by ${provider}

| Op Name | Parameters | OpSet Version | Types Supported |
|---------|------------|---------------|-----------------|
|**Operator Domain:** *ai.onnx*||||`;

const table = `${heading("CPUExecutionProvider")}
|Elu|*in* X:**T**<br> *out* Y:**T**|22+|**T** = tensor(float)|
|||[6, 21]|**T** = tensor(float)|
|Tan|*in* input:**T**<br> *out* output:**T**|7+|**T** = tensor(float)|
${heading("CUDAExecutionProvider")}
|Elu|*in* X:**T**<br> *out* Y:**T**|6+|**T** = tensor(double), tensor(float)|
|Pad|*in* data:**T**<br> *in* pads:**tensor(int64)**<br> *out* output:**T**<br><br>or<br><br>*in* data:**T**<br> *out* output:**T**|13+|**T** = tensor(bool), tensor(float16)|
|||[11, 12]|**T** = tensor(bool), tensor(float16)|
|||[2, 10]|**T** = seq(tensor(float)), tensor(float), tensor(string)|
||||
|**Operator Domain:** *com.ms.internal.nhwc*||||
|Conv|*in* X:**T**<br> *out* Y:**T**|11+|**T** = tensor(float)|
`;

Deno.test("printKernels() reads the published table", () => {
  const text = printKernels(table, "1.30.0");
  const lines = text.split("\n").filter((line) => /^\w+(;|$)/.test(line));
  assertEquals(lines, ["Elu; T>T; 6-21 T=df", "Pad; T,->T|T>T; 2-10 T=f; 11- T=?e", "Tan"]);
  assertStringIncludes(text, 'kernelVersion = "1.30.0"');
});

Deno.test("the table is of the version that runs", () => {
  assertEquals(denoJson.imports["onnxruntime-node"], `npm:onnxruntime-node@${kernelVersion}`);
});
