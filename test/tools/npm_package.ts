/**
 * Makes the npm package of what runs without Deno: ONNX graphs, gradients, tensors, as JavaScript
 * with type declarations. Argument: the folder to write.
 *
 *     deno run -A test/tools/npm_package.ts FOLDER && npm pack FOLDER
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import ts from "typescript";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** Exports of the package, as in deno.json, that need nothing of Deno. */
const portable = ["./onnx", "./autodiff", "./safetensors"] as const;

interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** Writes the package. @throws {TypeError} with what the compiler says of a module. */
export function writePackage(folder: string): void {
  const config = JSON.parse(Deno.readTextFileSync(join(root, "deno.json"))) as DenoConfig;
  const entries = portable.map((name) => config.exports[name]!);
  compile(entries.map((entry) => join(root, entry)), folder);
  const manifest = `${JSON.stringify(packageOf(config), null, 2)}\n`;
  Deno.writeTextFileSync(join(folder, "package.json"), manifest);
  for (const file of ["LICENSE", "CHANGELOG.md"]) {
    Deno.copyFileSync(join(root, file), join(folder, file));
  }
}

function packageOf({ name, version, license, exports, imports }: DenoConfig): object {
  const compiled = (name: string, ending: string) => exports[name]!.replace(/\.ts$/, ending);
  return {
    name,
    version,
    license,
    description: "ONNX graphs as data, and their gradients as ONNX graphs",
    type: "module",
    exports: Object.fromEntries(portable.map((name) => [
      name,
      { types: compiled(name, ".d.ts"), default: compiled(name, ".js") },
    ])),
    dependencies: {
      "@bufbuild/protobuf": imports["@bufbuild/protobuf"]!.split("@").at(-1),
    },
    engines: { node: ">=20" },
  };
}

function compile(entries: readonly string[], folder: string): void {
  const program = ts.createProgram([...entries], {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    // Types were checked by `deno check`; packages that Deno keeps elsewhere are not found here.
    noCheck: true,
    rootDir: root,
    outDir: folder,
  });
  const { diagnostics, emitSkipped } = program.emit();
  if (!emitSkipped && diagnostics.length === 0) return;
  throw new TypeError(
    diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")).join(
      "\n",
    ),
  );
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) {
    console.error("Expected a folder to write the package to");
    Deno.exit(2);
  }
  Deno.mkdirSync(folder, { recursive: true });
  writePackage(folder);
}
