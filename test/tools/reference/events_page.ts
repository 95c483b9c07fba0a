/** The page of events, from their schema. @module */
import { eventVersion } from "../../../lib/pipeline/contract/event.ts";
import { eventJsonSchema } from "../../../lib/pipeline/contract/event_schema.ts";
import { parametersOf } from "../../../lib/pipeline/plan/stage_reference.ts";
import type { JsonSchema } from "../../../lib/pipeline/read/json_schema.ts";
import { code, markdownTable } from "./markdown_table.ts";

/** Text of `docs/reference/events.md`. */
export function eventsPage(): string {
  const events = eventJsonSchema().oneOf as JsonSchema[];
  return `# Events

\`tvp run FILE --json\` prints one event a line, as JSON. This is version ${eventVersion} of the events. A new
field may be added at any time; the version increases when a field changes its meaning or goes
away. \`tvp schema --events\` prints the JSON Schema.

A mistake in the file or the arguments is one line \`{ "type": "error", "diagnostic": … }\`.

${events.map(eventSection).join("\n\n")}
`;
}

function eventSection(schema: JsonSchema): string {
  const { type, ...properties } = schema.properties as Record<string, JsonSchema>;
  const rows = parametersOf({ ...schema, properties }, "").map(
    ({ name, type, isRequired, description }) => [
      code(name),
      isRequired ? type : `${type}; optional`,
      description,
    ],
  );
  return `## ${type!.const}

${schema.description}

${markdownTable([["field", "type", "what it is"], ...rows])}`;
}
