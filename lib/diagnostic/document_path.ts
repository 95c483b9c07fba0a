/** Path of a value in a document: keys and indices, such as `["stages", "train", "with", 0]`. */
export type DocumentPath = readonly (string | number)[];
