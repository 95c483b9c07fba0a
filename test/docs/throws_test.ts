import { assert, assertEquals } from "@std/assert";
import ts from "typescript";
import { root } from "./pages.ts";

/** Whether an error is made here: `new …`, or what a function returns; a name passes one on. */
function makesError(thrown: ts.Expression): boolean {
  return ts.isNewExpression(thrown) || ts.isCallExpression(thrown);
}

/** A function that is not called where it is written, as callbacks may be. */
const isAnother = (node: ts.Node) =>
  ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) ||
  ts.isMethodDeclaration(node) || ts.isClassLike(node) ||
  (ts.isArrowFunction(node) && ts.isVariableDeclaration(node.parent));

/** Whether code throws a new error itself, in no inner function and where no `catch` hears it. */
function throwsNew(body: ts.Node): boolean {
  let found = false;
  const look = (node: ts.Node): void => {
    if (isAnother(node)) return;
    if (ts.isThrowStatement(node) && makesError(node.expression)) found = true;
    if (ts.isTryStatement(node) && node.catchClause) look(node.catchClause.block);
    else node.forEachChild(look);
  };
  body.forEachChild(look);
  return found;
}

type Callable = ts.FunctionDeclaration | ts.MethodDeclaration;

function callables(file: ts.SourceFile): Callable[] {
  const exported = file.statements.filter((statement) =>
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
  const methods = exported.filter(ts.isClassDeclaration).flatMap(({ members }) =>
    members.filter(ts.isMethodDeclaration).filter(({ name }) => !ts.isPrivateIdentifier(name))
  );
  return [...exported.filter(ts.isFunctionDeclaration), ...methods];
}

function filesIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesIn(new URL(`${name}/`, folder))
      : name.endsWith(".ts")
      ? [new URL(name, folder)]
      : []
  );
}

Deno.test("every exported function and public method that throws says so with @throws", () => {
  const all = filesIn(new URL("lib/", root)).flatMap((url) => {
    const text = Deno.readTextFileSync(url);
    const file = ts.createSourceFile(url.pathname, text, ts.ScriptTarget.Latest, true);
    return callables(file).filter(({ body }) => body !== undefined && throwsNew(body))
      .map((callable) => ({ file: url.href.slice(root.href.length), callable }));
  });
  assert(all.length > 50, `only ${all.length} functions are known to throw`);
  const silent = all.filter(({ callable }) =>
    !ts.getJSDocTags(callable).some(({ tagName }) => tagName.text === "throws")
  );
  assertEquals(silent.map(({ file, callable }) => `${file} ${callable.name?.getText()}`), []);
});
