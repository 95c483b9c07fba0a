/**
 * The messages of onnx.proto that the IR keeps, as tables: field number → name and kind. Fields that
 * are not listed (doc strings, annotations, training info) are skipped on reading.
 *
 * @module
 */

/** How the value of a field is written; a message is given by its table. */
export type FieldKind =
  | "string"
  | "bytes"
  | "int32"
  | "int64"
  | "bigint64"
  | "biguint64"
  | "float"
  | "double"
  | (() => MessageTable);

/** A field of a message. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
}

/** A message: its fields by number. */
export type MessageTable = Readonly<Record<number, Field>>;

export interface EntryProto {
  key?: string;
  value?: string;
}

export interface OpsetProto {
  domain?: string;
  version?: number;
}

export interface TensorProto {
  dims?: number[];
  dataType?: number;
  floatData?: number[];
  int32Data?: number[];
  stringData?: Uint8Array[];
  int64Data?: BigInt64Array;
  name?: string;
  rawData?: Uint8Array;
  doubleData?: number[];
  uint64Data?: BigUint64Array;
  externalData?: EntryProto[];
  dataLocation?: number;
}

export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims?: number[];
}

export interface DimProto {
  dimValue?: number;
  dimParam?: string;
}

export interface TypeProto {
  tensorType?: { elemType?: number; shape?: { dim?: DimProto[] } };
  sequenceType?: { elemType?: TypeProto };
  optionalType?: { elemType?: TypeProto };
}

export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}

export interface AttributeProto {
  name?: string;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  tensors?: TensorProto[];
  graphs?: GraphProto[];
  type?: number;
  refAttrName?: string;
  tp?: TypeProto;
  sparseTensor?: SparseTensorProto;
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  attribute?: AttributeProto[];
  domain?: string;
  overload?: string;
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  sparseInitializer?: SparseTensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}

export interface FunctionProto {
  name?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  node?: NodeProto[];
  opsetImport?: OpsetProto[];
  domain?: string;
  attributeProto?: AttributeProto[];
  overload?: string;
}

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  graph?: GraphProto;
  opsetImport?: OpsetProto[];
  metadataProps?: EntryProto[];
  functions?: FunctionProto[];
}

function one(name: string, kind: FieldKind): Field {
  return { name, kind, repeated: false };
}

function many(name: string, kind: FieldKind): Field {
  return { name, kind, repeated: true };
}

const entry: MessageTable = { 1: one("key", "string"), 2: one("value", "string") };

const opset: MessageTable = { 1: one("domain", "string"), 2: one("version", "int64") };

const tensor: MessageTable = {
  1: many("dims", "int64"),
  2: one("dataType", "int32"),
  4: many("floatData", "float"),
  5: many("int32Data", "int32"),
  6: many("stringData", "bytes"),
  7: many("int64Data", "bigint64"),
  8: one("name", "string"),
  9: one("rawData", "bytes"),
  10: many("doubleData", "double"),
  11: many("uint64Data", "biguint64"),
  13: many("externalData", () => entry),
  14: one("dataLocation", "int32"),
};

const sparseTensor: MessageTable = {
  1: one("values", () => tensor),
  2: one("indices", () => tensor),
  3: many("dims", "int64"),
};

const dim: MessageTable = { 1: one("dimValue", "int64"), 2: one("dimParam", "string") };

const shape: MessageTable = { 1: many("dim", () => dim) };

const tensorType: MessageTable = { 1: one("elemType", "int32"), 2: one("shape", () => shape) };

const containerType: MessageTable = { 1: one("elemType", () => type) };

const type: MessageTable = {
  1: one("tensorType", () => tensorType),
  4: one("sequenceType", () => containerType),
  9: one("optionalType", () => containerType),
};

const valueInfo: MessageTable = { 1: one("name", "string"), 2: one("type", () => type) };

const attribute: MessageTable = {
  1: one("name", "string"),
  2: one("f", "float"),
  3: one("i", "int64"),
  4: one("s", "bytes"),
  5: one("t", () => tensor),
  6: one("g", () => graph),
  7: many("floats", "float"),
  8: many("ints", "int64"),
  9: many("strings", "bytes"),
  10: many("tensors", () => tensor),
  11: many("graphs", () => graph),
  14: one("tp", () => type),
  20: one("type", "int32"),
  21: one("refAttrName", "string"),
  22: one("sparseTensor", () => sparseTensor),
};

const node: MessageTable = {
  1: many("input", "string"),
  2: many("output", "string"),
  3: one("name", "string"),
  4: one("opType", "string"),
  5: many("attribute", () => attribute),
  7: one("domain", "string"),
  8: one("overload", "string"),
};

const graph: MessageTable = {
  1: many("node", () => node),
  2: one("name", "string"),
  5: many("initializer", () => tensor),
  11: many("input", () => valueInfo),
  12: many("output", () => valueInfo),
  13: many("valueInfo", () => valueInfo),
  15: many("sparseInitializer", () => sparseTensor),
};

const functionTable: MessageTable = {
  1: one("name", "string"),
  4: many("input", "string"),
  5: many("output", "string"),
  6: many("attribute", "string"),
  7: many("node", () => node),
  9: many("opsetImport", () => opset),
  10: one("domain", "string"),
  11: many("attributeProto", () => attribute),
  13: one("overload", "string"),
};

/** ModelProto, the root message of a model file. */
export const modelTable: MessageTable = {
  1: one("irVersion", "int64"),
  2: one("producerName", "string"),
  7: one("graph", () => graph),
  8: many("opsetImport", () => opset),
  14: many("metadataProps", () => entry),
  25: many("functions", () => functionTable),
};
