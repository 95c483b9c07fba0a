"""Records the names of all operators as test/golden/op_names.json: those of ai.onnx up to opset 23 from
the onnx package (1.23), those of com.microsoft from onnxruntime (1.32).

Run: python make_op_names.py   (needs onnx, onnxruntime)
"""
import json
import os

from onnx import defs
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

OPSET = 23


def main():
    standard = {s.name for s in defs.get_all_schemas_with_history() if s.domain == "" and s.since_version <= OPSET}
    contrib = {s.name for s in get_all_operator_schema() if s.domain == "com.microsoft"}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "op_names.json")
    with open(path, "w") as file:
        json.dump({"ai.onnx": sorted(standard), "com.microsoft": sorted(contrib)}, file, indent=1)
        file.write("\n")
    print(len(standard), "and", len(contrib), "operators")


if __name__ == "__main__":
    main()
