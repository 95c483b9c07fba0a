/** Lint rules of this project: imports point one way, and each heavy door is in one file. @module */

/** What the modules of a folder may import: folders of ours (`*` all) and packages. */
export interface ImportRule {
  readonly ours: readonly string[];
  /** Folders of ours of which types alone may be imported. */
  readonly types?: readonly string[];
  readonly packages: readonly string[];
}

/** Import directions by folder; ARCHITECTURE.md shows them. */
export const importTable: Readonly<Record<string, ImportRule>> = {
  "lib/std": { ours: [], packages: ["npm:deno-std"] },
  "lib/trust": { ours: [], packages: [] },
  "lib/diagnostic": { ours: ["lib/trust"], packages: ["js-yaml", "yaml"] },
  "lib/tensor": { ours: ["lib/trust"], packages: ["node"] },
  "lib/pipeline": {
    ours: ["lib/diagnostic", "lib/trust"],
    packages: ["zod", "@std", "@noble", "node"],
  },
  "lib/cache": {
    ours: ["lib/pipeline", "lib/diagnostic", "lib/trust"],
    packages: ["@std", "node", "aws4fetch"],
  },
  "lib/executors": {
    ours: ["lib/pipeline", "lib/diagnostic", "lib/trust", "lib/cache"],
    packages: ["@std", "node"],
  },
  "lib/onnx": { ours: ["lib/tensor", "lib/diagnostic"], packages: ["@bufbuild/protobuf"] },
  "lib/autodiff": { ours: ["lib/onnx", "lib/tensor", "lib/diagnostic"], packages: [] },
  "lib/runtime": {
    ours: ["lib/onnx", "lib/tensor", "lib/diagnostic"],
    packages: ["onnxruntime-node", "@std", "node"],
  },
  "lib/vision": { ours: ["lib/onnx", "lib/tensor", "lib/diagnostic"], packages: ["sharp"] },
  "lib/hub": { ours: ["lib/diagnostic", "lib/trust"], packages: ["zod", "@std", "node"] },
  "lib/models": {
    ours: [
      "lib/hub",
      "lib/runtime",
      "lib/vision",
      "lib/onnx",
      "lib/tensor",
      "lib/diagnostic",
      "lib/trust",
    ],
    packages: ["oniguruma-to-es", "zod", "@std", "node"],
  },
  "lib/prompts": { ours: ["lib/onnx", "lib/tensor", "lib/diagnostic"], packages: ["zod"] },
  "lib/losses": { ours: ["lib/onnx", "lib/tensor"], packages: [] },
  "lib/zoo": { ours: ["lib/onnx", "lib/tensor", "lib/diagnostic"], packages: [] },
  "lib/training": {
    ours: [
      "lib/artifacts",
      "lib/losses",
      "lib/prompts",
      "lib/models",
      "lib/zoo",
      "lib/autodiff",
      "lib/runtime",
      "lib/vision",
      "lib/onnx",
      "lib/tensor",
      "lib/diagnostic",
      "lib/data",
      "lib/drawing",
    ],
    packages: ["@std", "zod"],
  },
  "lib/evaluation": {
    ours: [
      "lib/artifacts",
      "lib/data",
      "lib/models",
      "lib/report",
      "lib/runtime",
      "lib/prompts",
      "lib/vision",
      "lib/onnx",
      "lib/tensor",
      "lib/diagnostic",
    ],
    packages: ["jstat"],
  },
  "lib/artifacts": {
    ours: [
      "lib/pipeline",
      "lib/models",
      "lib/prompts",
      "lib/onnx",
      "lib/tensor",
      "lib/diagnostic",
      "lib/trust",
      "lib/data",
    ],
    packages: ["zod", "@std"],
  },
  "lib/attestation": {
    ours: [
      "lib/diagnostic",
      "lib/artifacts",
      "lib/cache",
      "lib/pipeline",
      "lib/tensor",
      "lib/trust",
    ],
    packages: ["zod"],
  },
  "lib/report": {
    ours: ["lib/trust"],
    types: ["lib/artifacts"],
    packages: ["d3-scale", "d3-shape"],
  },
  "lib/drawing": {
    ours: ["lib/data", "lib/vision", "lib/tensor", "lib/diagnostic"],
    packages: ["zod", "@std", "sharp", "node"],
  },
  "lib/data": {
    ours: ["lib/hub", "lib/vision", "lib/tensor", "lib/diagnostic", "lib/trust"],
    packages: ["zod", "@std", "node", "hyparquet", "hyparquet-compressors", "jsfive"],
  },
  "datasets": {
    ours: ["lib/drawing", "lib/data", "lib/vision", "lib/tensor", "lib/diagnostic"],
    packages: ["zod", "@std", "sharp", "node"],
  },
  "lib/workspace": {
    ours: [
      "lib/hub",
      "lib/pipeline",
      "lib/cache",
      "lib/executors",
      "lib/trust",
      "lib/diagnostic",
      "lib/models",
      "lib/artifacts",
      "lib/data",
      "lib/runtime",
    ],
    packages: ["@std", "node"],
  },
  "lib/cli": { ours: ["*"], packages: ["@std", "node"] },
};

/** Of `lib/pipeline` stages see what a stage is, and nothing else. */
const stageRule = {
  forbidden: ["lib/cli", "lib/executors", "lib/cache"],
  pipelineFile: "lib/pipeline/contract/stage.ts",
};

/** Folder of a path in the table: `lib/onnx`, `datasets`, `stages`. */
function folderOf(path: string): string {
  const [first, second] = path.split("/");
  return first === "lib" ? `lib/${second}` : first!;
}

/** Root of the project as a URL that ends in a slash. */
const root = new URL("../../", import.meta.url).href;

function pathOf(url: string): string | undefined {
  return url.startsWith(root) ? decodeURIComponent(url.slice(root.length)) : undefined;
}

/** What is wrong with an import, if anything. */
export function importMistake(
  from: string,
  specifier: string,
  isType: boolean,
): string | undefined {
  const folder = folderOf(from);
  if (/^\.{0,2}\//.test(specifier)) {
    const target = pathOf(new URL(specifier, new URL(from, root)).href);
    return target === undefined
      ? `${from} imports ${specifier}, which is outside the project`
      : ourMistake(from, folder, target, isType);
  }
  const rule = importTable[folder];
  // A type costs nothing at run time and brings no package in.
  if (!rule || isType) return undefined;
  const name = specifier.startsWith("node:") ? "node" : specifier;
  if (rule.packages.some((allowed) => name === allowed || name.startsWith(`${allowed}/`))) {
    return undefined;
  }
  if (rule.packages.some((allowed) => specifier.startsWith(`${allowed}@`))) return undefined;
  return `${folder} may import ${listOf(rule.packages, "no package")}, not "${specifier}"`;
}

function ourMistake(
  from: string,
  folder: string,
  target: string,
  isType: boolean,
): string | undefined {
  const other = folderOf(target);
  if (target.endsWith("/mod.ts") && other !== "lib/std") {
    return `${from} may not import ${target}: import the file, a stage's key holds all it imports`;
  }
  // What is offered to others may gather from everywhere.
  if (other === folder || from.endsWith("/mod.ts")) return undefined;
  if (folder === "stages") return stageMistake(target, other);
  if (other === "stages" || other === "test") {
    return `${from} may not import ${target}: nothing of lib depends on ${other}`;
  }
  const rule = importTable[folder];
  if (!rule) {
    return `${folder} is not in the table of import directions in test/tools/lint_plugin.ts`;
  }
  if (rule.ours.includes("*") || rule.ours.includes(other)) return undefined;
  if (rule.types?.includes(other)) {
    return isType ? undefined : `${folder} may import types alone of ${other}: ${target}`;
  }
  return `${folder} may import ${listOf(rule.ours, "nothing of ours")}, not ${target}`;
}

function stageMistake(target: string, other: string): string | undefined {
  if (stageRule.forbidden.includes(other)) {
    return `stages may import all of lib but ${stageRule.forbidden.join(", ")}, not ${target}`;
  }
  if (other === "lib/pipeline" && target !== stageRule.pipelineFile) {
    return `stages may import of lib/pipeline only contract/stage.ts, not ${target}`;
  }
  return undefined;
}

function listOf(names: readonly string[], none: string): string {
  return names.length === 0 ? none : names.join(", ");
}

/** Folders whose code needs nothing but JavaScript: `test/browser` runs it in Chromium. */
const browserFolders = ["lib/trust", "lib/diagnostic", "lib/tensor", "lib/onnx", "lib/autodiff"];

/** Names that say nothing about what a file holds. */
const vagueNames = ["utils.ts", "util.ts", "helpers.ts", "common.ts", "types.ts", "misc.ts"];

const plugin: Deno.lint.Plugin = {
  name: "tvp",
  rules: {
    "import-directions": {
      create(context) {
        const from = pathOf(new URL(`file://${context.filename}`).href);
        if (from === undefined || !/^(lib|stages|datasets)\//.test(from)) return {};
        const check = (node: Deno.lint.Node, specifier: unknown, isType: boolean) => {
          if (typeof specifier !== "string") return;
          const message = importMistake(from, specifier, isType);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration: (node) => check(node, node.source.value, node.importKind === "type"),
          ExportAllDeclaration: (node) =>
            check(node, node.source.value, node.exportKind === "type"),
          ExportNamedDeclaration: (node) =>
            check(node, node.source?.value, node.exportKind === "type"),
          ImportExpression: (node) =>
            check(node, node.source.type === "Literal" && node.source.value, false),
        };
      },
    },
    "file-names": {
      create(context) {
        const from = pathOf(new URL(`file://${context.filename}`).href);
        const name = from?.split("/").at(-1);
        if (name === undefined || !from!.startsWith("lib/")) return {};
        return {
          Program(node) {
            if (vagueNames.includes(name)) {
              context.report({ node, message: `${name} says not what the file holds` });
            }
            if (!/^_?[a-z0-9_]+(\.d)?\.ts$/.test(name)) {
              context.report({ node, message: `${name} is not in snake_case` });
            }
          },
        };
      },
    },
    "runs-in-browsers": {
      create(context) {
        const from = pathOf(new URL(`file://${context.filename}`).href);
        if (from === undefined || !browserFolders.includes(folderOf(from))) return {};
        return {
          Identifier(node) {
            if (node.name !== "Deno" && node.name !== "process") return;
            const message = `${folderOf(from)} runs in browsers too, which have no ${node.name}`;
            context.report({ node, message });
          },
        };
      },
    },
    "no-plain-error": {
      create: (context) => ({
        ThrowStatement(node) {
          const thrown = node.argument;
          if (thrown?.type !== "NewExpression" || thrown.callee.type !== "Identifier") return;
          if (thrown.callee.name !== "Error") return;
          const message =
            "Throw a class that fits (TypeError, RangeError, DiagnosticError), not Error";
          context.report({ node, message });
        },
      }),
    },
  },
};
export default plugin;
