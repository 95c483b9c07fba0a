"""Records node tests of the onnx package (Apache-2.0, version 1.23) as test/golden/onnx_ops.json.

Per operator up to four single-node models with their inputs' and outputs' types and, where small, values.
Run: python make_onnx_ops.py   (needs onnx, numpy)
"""
import base64
import json
import os

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

PER_OPERATOR = 4
LARGEST = 48
DTYPES = {"float32", "float64", "float16", "int64", "int32", "int16", "int8",
          "uint64", "uint32", "uint16", "uint8", "bool"}


def describe(value):
    """dtype, dims and, where few and finite, the elements."""
    array = np.asarray(numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value)
    if str(array.dtype) not in DTYPES:
        return None
    entry = {"dtype": str(array.dtype), "dims": list(array.shape)}
    if array.size <= LARGEST and np.all(np.isfinite(array.astype(np.float64))):
        entry["elements"] = [float(x) if array.dtype.kind == "f" else int(x) for x in array.ravel()]
    return entry


def describe_all(infos, values):
    described = {}
    for info, value in zip(infos, values):
        if isinstance(value, (list, dict)) or value is None:
            return None
        described[info.name] = describe(value)
        if described[info.name] is None:
            return None
    return described


def main():
    counts, rows = {}, []
    for case in collect_testcases(None):
        model = case.model
        if model is None or len(model.graph.node) != 1:
            continue
        opset = {o.domain: o.version for o in model.opset_import}
        node = model.graph.node[0]
        if set(opset) != {""} or not 7 <= opset[""] <= 23 or counts.get(node.op_type, 0) >= PER_OPERATOR:
            continue
        if node.op_type == "Scan" and opset[""] < 9:  # had a batch axis then; not supported
            continue
        inputs, outputs = case.data_sets[0]
        described = describe_all(model.graph.input, inputs), describe_all(model.graph.output, outputs)
        if None in described or len(model.SerializeToString()) > 1500:
            continue
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
        rows.append({"name": case.name, "model": base64.b64encode(model.SerializeToString()).decode(),
                     "inputs": described[0], "outputs": described[1]})
    rows.sort(key=lambda row: row["name"])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_ops.json")
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
    print(len(rows), "cases of", len(counts), "operators,", os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
