/** Parses templates: text, values that are printed, and the statements of blocks. @module */
import { tokenizeTemplate } from "./lexer.ts";
import { isConstant, parseExpression, parseFilter, parseTuple } from "./parse_expression.ts";
import type { Body, Expression, Parameter, Statement, Target } from "./syntax.ts";
import { TokenStream } from "./token_stream.ts";

/** Parses a template. @throws {TemplateError} If it is none. */
export function parseTemplate(source: string): Body {
  const stream = new TokenStream(tokenizeTemplate(source));
  const body = parseBody(stream, []);
  if (!stream.isDone) throw stream.mistake("expected the end of the template");
  return body;
}

/** Statements up to a block of one of some names, which is left to be read. */
function parseBody(stream: TokenStream, ends: readonly string[]): Body {
  const body: Statement[] = [];
  while (!stream.isDone) {
    if (stream.is("data")) body.push({ kind: "text", text: stream.take().text });
    else if (stream.skip("begin", "{{")) {
      body.push({ kind: "print", value: parseTuple(stream) });
      stream.expect("end", "}}");
    } else {
      if (ends.includes(stream.next.text)) return body;
      stream.expect("begin", "{%");
      body.push(...block(stream));
    }
  }
  if (ends.length > 0) throw stream.mistake(`expected the block '${ends.join("' or '")}'`);
  return body;
}

/** The body of a block, and the end of it. */
function bodyUntil(stream: TokenStream, end: string): Body {
  stream.expect("end", "%}");
  const body = parseBody(stream, [end]);
  endBlock(stream, end);
  return body;
}

function endBlock(stream: TokenStream, name: string): void {
  stream.expect("begin", "{%");
  stream.expect("name", name);
  // The name of a macro may stand behind its end.
  if (name === "endmacro") stream.skip("name");
  stream.expect("end", "%}");
}

const blocks: Readonly<Record<string, (stream: TokenStream) => Body>> = {
  if: (stream) => [conditional(stream)],
  for: (stream) => [loop(stream)],
  set: (stream) => [assignment(stream)],
  macro: (stream) => [macro(stream)],
  call: (stream) => {
    const parameters = stream.is("operator", "(") ? parseParameters(stream) : [];
    const call = parseExpression(stream);
    return [{ kind: "call", call, parameters, body: bodyUntil(stream, "endcall") }];
  },
  filter: (stream) => {
    const filter = parseFilter(stream, undefined, true)!;
    return [{ kind: "filter", filter, body: bodyUntil(stream, "endfilter") }];
  },
  with: (stream) => [scope(stream)],
  // What is an answer of the model is written as all other text.
  generation: (stream) => [{
    kind: "with",
    values: [],
    body: bodyUntil(stream, "endgeneration"),
  }],
  break: (stream) => word(stream, "break"),
  continue: (stream) => word(stream, "continue"),
};

function block(stream: TokenStream): Body {
  const name = stream.current.text;
  if (!stream.is("name") || !Object.hasOwn(blocks, name)) {
    throw stream.mistake(`expected one of the blocks ${Object.keys(blocks).join(", ")}`);
  }
  stream.take();
  return blocks[name]!(stream);
}

function word(stream: TokenStream, kind: "break" | "continue"): Body {
  stream.expect("end", "%}");
  return [{ kind }];
}

function conditional(stream: TokenStream): Statement {
  const branches: [Expression, Body][] = [];
  let otherwise: Body = [];
  const branch = (): void => {
    const test = parseTuple(stream, { choices: false });
    stream.expect("end", "%}");
    branches.push([test, parseBody(stream, ["elif", "else", "endif"])]);
  };
  branch();
  for (;;) {
    stream.expect("begin", "{%");
    if (stream.skip("name", "elif")) branch();
    else if (stream.skip("name", "else")) {
      otherwise = bodyUntil(stream, "endif");
      break;
    } else {
      stream.expect("name", "endif");
      stream.expect("end", "%}");
      break;
    }
  }
  return { kind: "if", branches, otherwise };
}

function loop(stream: TokenStream): Statement {
  const target = parseTarget(stream);
  stream.expect("name", "in");
  const of = parseTuple(stream, { choices: false, ends: ["recursive"] });
  const test = stream.skip("name", "if") ? parseExpression(stream) : undefined;
  const recursive = stream.skip("name", "recursive");
  stream.expect("end", "%}");
  const body = parseBody(stream, ["else", "endfor"]);
  const hasElse = stream.next.text === "else";
  if (hasElse) stream.take();
  if (hasElse) stream.take();
  const otherwise = hasElse ? bodyUntil(stream, "endfor") : [];
  if (!hasElse) endBlock(stream, "endfor");
  return { kind: "for", target, of, test, recursive, body, otherwise };
}

function assignment(stream: TokenStream): Statement {
  const target = parseTarget(stream);
  if (stream.skip("operator", "=")) {
    const value = parseTuple(stream);
    stream.expect("end", "%}");
    return { kind: "set", target, value };
  }
  const filter = parseFilter(stream, undefined);
  return { kind: "set-text", target, filter, body: bodyUntil(stream, "endset") };
}

function macro(stream: TokenStream): Statement {
  const name = stream.expect("name");
  const parameters = parseParameters(stream);
  return { kind: "macro", name, parameters, body: bodyUntil(stream, "endmacro") };
}

function parseParameters(stream: TokenStream): readonly Parameter[] {
  const parameters: Parameter[] = [];
  stream.expect("operator", "(");
  while (!stream.skip("operator", ")")) {
    if (parameters.length > 0) stream.expect("operator", ",");
    if (stream.skip("operator", ")")) break;
    const name = stream.expect("name");
    const absent = stream.skip("operator", "=") ? parseExpression(stream) : undefined;
    parameters.push({ name, absent });
  }
  return parameters;
}

function scope(stream: TokenStream): Statement {
  const values: [Target, Expression][] = [];
  while (!stream.is("end")) {
    if (values.length > 0) stream.expect("operator", ",");
    const target = oneTarget(stream);
    stream.expect("operator", "=");
    values.push([target, parseExpression(stream)]);
  }
  return { kind: "with", values, body: bodyUntil(stream, "endwith") };
}

function parseTarget(stream: TokenStream): Target {
  const targets = [oneTarget(stream)];
  let isTuple = false;
  while (stream.skip("operator", ",")) {
    isTuple = true;
    if (!stream.is("name") && !stream.is("operator", "(")) break;
    targets.push(oneTarget(stream));
  }
  return isTuple ? { kind: "tuple", targets } : targets[0]!;
}

function oneTarget(stream: TokenStream): Target {
  if (stream.skip("operator", "(")) {
    const target = parseTarget(stream);
    stream.expect("operator", ")");
    return target;
  }
  if (isConstant(stream.current.text)) throw stream.mistake("expected a name that can be set");
  const name = stream.expect("name");
  if (!stream.skip("operator", ".")) return { kind: "name", name };
  return { kind: "attribute", of: name, name: stream.expect("name") };
}
