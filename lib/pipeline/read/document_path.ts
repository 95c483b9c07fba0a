/** Path of a value in a document: `["stages", "train", "with", 0]`. */
export type DocumentPath = readonly (string | number)[];
