/** The core schema of YAML 1.2. Only this file imports the parser that reads values. @module */
import {
  constructFromEvents,
  CORE_SCHEMA,
  type Event,
  EVENT_ID,
  floatCoreTag,
  intCoreTag,
  load,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  type ScalarTagDefinition,
  YAMLException,
} from "js-yaml";

/** A number that is too large, `1e400`, is infinite: as a text it would pass for another value. */
const floatTag: typeof floatCoreTag = {
  ...floatCoreTag,
  resolve(source, isExplicit, tagName) {
    const value = floatCoreTag.resolve(source, isExplicit, tagName);
    const isInfinite = /^[-+]?[.\d]/.test(source) && Math.abs(Number(source)) === Infinity;
    return value === NOT_RESOLVED && isInfinite ? Number(source) : value;
  },
};

/** A whole number that a number cannot hold is a `bigint`: rounded it would pass for another value. */
const intTag: ScalarTagDefinition<number | bigint> = {
  ...intCoreTag,
  resolve(source, isExplicit, tagName) {
    const value = intCoreTag.resolve(source, isExplicit, tagName);
    const isExact = typeof value !== "number" || Number.isSafeInteger(value);
    return isExact ? value : exact(source);
  },
};

/** Digits that are more than any number has: to read millions of them would take long. */
const MOST_DIGITS = 1000;

function exact(source: string): bigint | number {
  if (source.length > MOST_DIGITS) return source.startsWith("-") ? -Infinity : Infinity;
  const [, sign, digits] = /^([-+]?)(.*)$/s.exec(source)!;
  return sign === "-" ? -BigInt(digits!) : BigInt(digits!);
}

/** Numbers are `10`, `0o12`, `0x1F`, `1e3`; `010` is ten, `yes` and `2020-01-01` are texts. */
const schema = CORE_SCHEMA.withTags(mergeTag, intTag, floatTag);

/** A text is not YAML. */
export class YamlError extends SyntaxError {
  override readonly name = "YamlError";
  /** Where, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * The value of a text; `null` if it holds none. A whole number that is not exact as a number is a
 * `bigint`.
 *
 * @throws {YamlError}
 */
export function parseYaml(text: string): unknown {
  return orYamlError(() => load(text, { schema, maxTotalMergeKeys: MOST_MERGED })) ?? null;
}

/** Keys that `<<` brings in, in all places of a text. */
const MOST_MERGED = 1_000_000;

function orYamlError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof YAMLException) {
      if (/input is empty$/.test(error.reason)) return undefined;
      throw new YamlError(error.reason, error.mark?.position ?? 0);
    }
    if (error instanceof RangeError) throw new YamlError("it is nested too deeply", 0);
    throw error;
  }
}

/** A value with its place in the text, from `start` up to `end`. */
export type YamlNode =
  | { readonly kind: "scalar" | "alias" | "empty"; readonly start: number; readonly end: number }
  | {
    readonly kind: "list";
    readonly start: number;
    readonly end: number;
    readonly items: readonly YamlNode[];
  }
  | {
    readonly kind: "map";
    readonly start: number;
    readonly end: number;
    readonly pairs: readonly YamlPair[];
  };

/** A key with its value. */
export interface YamlPair {
  /** As a name in the value that `parseYaml` gives. */
  readonly name: string;
  readonly key: YamlNode;
  readonly value: YamlNode;
}

/** The places of the first document of a text; `undefined` if it is not YAML or holds none. */
export function yamlNodes(text: string): YamlNode | undefined {
  try {
    const [, ...events] = orYamlError(() => parseEvents(text, {})) ?? [];
    return events.length > 1 ? new NodeReader(text, events).read() : undefined;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}

type CollectionEvent = Event & { readonly start: number };

class NodeReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  #at = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  read(): YamlNode {
    const event = this.#events[this.#at++]!;
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        if (event.valueStart < 0) return { kind: "empty", start: 0, end: 0 };
        const { SINGLE_QUOTED, DOUBLE_QUOTED } = SCALAR_STYLE;
        const quote = event.style === SINGLE_QUOTED || event.style === DOUBLE_QUOTED ? 1 : 0;
        return { kind: "scalar", start: event.valueStart - quote, end: event.valueEnd + quote };
      }
      case EVENT_ID.SEQUENCE: {
        const items = this.#untilPop(() => this.read());
        return { kind: "list", start: event.start, end: this.#endOf(event, "]", items), items };
      }
      case EVENT_ID.MAPPING: {
        const pairs = this.#untilPop(() => this.#pair());
        const last = pairs.flatMap(({ key, value }) => [key, value]);
        return { kind: "map", start: event.start, end: this.#endOf(event, "}", last), pairs };
      }
      case EVENT_ID.ALIAS:
        return { kind: "alias", start: event.anchorStart - 1, end: event.anchorEnd };
      default:
        return { kind: "empty", start: 0, end: 0 };
    }
  }

  #pair(): YamlPair {
    const event = this.#events[this.#at]!;
    const key = this.read();
    return { name: this.#nameOf(event), key, value: this.read() };
  }

  /** The name that a key has in the value: `010` is "10". */
  #nameOf(event: Event): string {
    if (event.type !== EVENT_ID.SCALAR) return "";
    const document = [
      { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives: [] },
      event,
      { type: EVENT_ID.POP },
    ] as Event[];
    return String(constructFromEvents(document, { source: this.#text, schema })[0]);
  }

  #untilPop<T>(read: () => T): T[] {
    const found: T[] = [];
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) found.push(read());
    this.#at++;
    return found;
  }

  /** A collection ends with its last entry, or with the bracket behind it. */
  #endOf(event: CollectionEvent, close: string, entries: readonly YamlNode[]): number {
    const last = Math.max(event.start + 1, ...entries.slice(-2).map(({ end }) => end));
    const isFlow = "{[".includes(this.#text[event.start] ?? " ");
    const bracket = isFlow ? this.#text.indexOf(close, last) : -1;
    return bracket < 0 ? last : bracket + 1;
  }
}
