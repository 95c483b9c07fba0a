/** The tables of published methods, from the program's. @module */
import { type Method, methods, usualChoices } from "../../../lib/training/method_table.ts";
import { code, markdownTable } from "./markdown_table.ts";
import { withTable } from "./marked_table.ts";

/** The page with its table as the program has it. */
export function withMethodsTable(page: string): string {
  return withTable(page, "methods", methodsTable());
}

/** Every method, and in what it differs from the code of TVP. */
export function methodsTable(): string {
  const rows = Object.entries(methods).map(([name, method]) => [
    code(name),
    method.description,
    code(method.loss),
    choicesOf(method),
  ]);
  return markdownTable([["`method`", "what it is", "`loss`", "other choices"], ...rows]);
}

/** \`optimizer: momentum, views: [resize]\` */
function choicesOf({ description: _description, loss: _loss, ...choices }: Method): string {
  const usual: Readonly<Record<string, unknown>> = usualChoices;
  const own = Object.entries(choices).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(usual[name])
  );
  const text = (value: unknown) => Array.isArray(value) ? `[${value.join(", ")}]` : `${value}`;
  return own.length === 0
    ? "the usual"
    : own.map(([name, value]) => code(`${name}: ${text(value)}`)).join(", ");
}
