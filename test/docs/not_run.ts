/** Examples of the documentation that the tests do not run, and why. @module */

/** Reasons by page and first line of the example. */
export const notRun: Readonly<Record<string, string>> = {
  "README.md: npx -y deno@2.9.6 task pipeline pipelines/quickstart.yaml":
    "takes minutes; .ci/run runs it",
  "README.md: deno task pipeline pipelines/quickstart.yaml --set 'vars.methods=[{loss: vp, lr: 2}, {loss: lm+fca, lr: 8}]'":
    "takes minutes",
  "CONTRIBUTING.md: deno task quick": "would run these tests from within themselves",
  'CONTRIBUTING.md: test "v$(jq -r .version deno.json)" = "vVERSION"':
    "VERSION is a placeholder; test/tools/sbom_test.ts lists the parts",
  "docs/tutorial.md: alias tvp='deno run -A --frozen --no-prompt /path/to/tvp/lib/cli/main.ts'":
    "the test has the same alias, as a function",
  'docs/tutorial.md: import { runPipeline } from "@tvp/pipeline/pipeline";':
    "needs the configuration above it: test/workspace/run_pipeline_test.ts runs one from outside",
  'docs/tutorial.md: import { decodeModel, encodeModel } from "@tvp/pipeline/onnx";':
    "needs the configuration beside it: test/cli/tutorial_test.ts runs both",
  "README.md: deno task pipeline pipelines/quickstart.yaml --set 'vars.dataset={folder: ../my-images}' --set 'vars.parameters={}'":
    "needs images of one's own; test/data loads every format",
  "docs/data.md: deno task tvp data ls":
    "needs images of one's own; test/cli/data_test.ts runs each",
  "docs/data.md: deno task pipeline pipelines/quickstart.yaml --set 'vars.dataset={folder: ../my-images}' --set 'vars.parameters={}'":
    "needs images of one's own; test/data loads every format",
  "docs/data.md: deno task pipeline pipelines/real/cifar10.yaml --set vars.photos=PHOTOS":
    "PHOTOS stands for photographs that are not in the repository",
  "docs/data.md: deno task pipeline pipelines/zoo_scores.yaml --set 'vars.tasks=[{dataset: {name: photographs, folder: PHOTOS, side: 64}, parameters: {}}]'":
    "PHOTOS is a folder of photographs that are not in the repository",
  "docs/real_models.md: deno task pipeline pipelines/real/photographs.yaml --set vars.photos=FOLDER":
    "FOLDER stands for photographs that are not in the repository; takes two hours",
  "docs/results.md: deno task pipeline pipelines/paper/search.yaml": "takes hours",
  "docs/results.md: deno task pipeline pipelines/paper/norms.yaml": "takes minutes",
  "docs/results.md: deno task pipeline pipelines/paper/transfer_estimate.yaml --set preset=small":
    "takes minutes",
  "docs/results.md: deno task pipeline pipelines/paper/weaknesses.yaml": "takes half an hour",
  "docs/results.md: deno task pipeline pipelines/paper/methods.yaml": "takes half an hour",
  "docs/gpu.md: docker build -t tvp .": "needs a card and NVIDIA's image",
  "docs/slurm.md: deno task pipeline pipelines/quickstart.yaml --executor slurm":
    "needs a cluster; test/executors runs jobs on a fake one",
  "docs/signing.md: deno task tvp keys":
    "runs the quickstart; test/cli/signed_report_test.ts signs a run",
  "docs/signing.md: deno task tvp verify-report report.json --key PUBLIC_KEY --share 10%":
    "PUBLIC_KEY stands for a key; test/cli/signed_report_test.ts checks a report",
  "docs/statistics.md: report:": "a part of pipelines/quickstart.yaml, which test/pipelines plans",
  "docs/statistics.md: fair:":
    "a part of pipelines/paper/fairness.yaml, which test/pipelines plans",
  "docs/statistics.md: python3 test/tools/resample.py .tvp/runs/quickstart/latest":
    "needs a run of the quickstart, and numpy; test/tools/resample_test.ts runs it",
  "docs/statistics.md: python3 test/tools/recompute.py .tvp/runs/quickstart/latest":
    "needs a run of the quickstart; .ci/run runs it",
  "docs/statistics.md: deno run -A test/tools/coverage.ts 1000": "takes minutes",
};
