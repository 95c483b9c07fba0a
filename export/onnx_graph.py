"""A small builder of ONNX graphs: operators by name, weights under the names of their checkpoint."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18

DTYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}


class Graph:
    """Nodes, weights, inputs and outputs of a graph under construction."""

    def __init__(self):
        self.nodes, self.weights, self.inputs, self.outputs = [], {}, [], []

    def input(self, name, dtype, dims):
        self.inputs.append(helper.make_tensor_value_info(name, DTYPES[dtype], dims))
        return name

    def output(self, value, name, dtype, dims):
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"output/{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, DTYPES[dtype], dims))

    def weight(self, name, array):
        """A weight; a name that is there already stands for the same weight."""
        self.weights.setdefault(name, np.ascontiguousarray(array))
        return name

    def ints(self, *values):
        return self.weight("const/" + "_".join(map(str, values)), np.array(values, np.int64))

    def scalar(self, value, dtype=np.float32):
        kind = np.dtype(dtype).name
        return self.weight(f"const/{kind}/{value!r}", np.array(value, dtype))

    def op(self, op_type, inputs, outputs=1, name=None, **attributes):
        name = name or f"{op_type}_{len(self.nodes)}"
        names = [name] if outputs == 1 else [f"{name}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op_type, inputs, names, name=name, **attributes))
        return names[0] if outputs == 1 else names

    def include(self, model, prefix):
        """Adds all of another graph; its inputs keep their names. @returns The name of its first output."""
        old = model.graph
        inputs = {info.name for info in old.input}
        named = lambda name: name if name == "" or name in inputs else prefix + name
        self.inputs.extend(old.input)
        for tensor in old.initializer:
            self.weight(named(tensor.name), numpy_helper.to_array(tensor))
        for node in old.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.name = prefix + node.name
            copy.input[:] = map(named, node.input)
            copy.output[:] = map(named, node.output)
            self.nodes.append(copy)
        return named(old.output[0].name)

    def model(self):
        tensors = [numpy_helper.from_array(array, name) for name, array in self.weights.items()]
        graph = helper.make_graph(self.nodes, "graph", self.inputs, self.outputs, tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def save(model, path):
    """Writes a model; weights of more than 1 KiB go beside it, into `<name>.onnx_data`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.with_name(path.name + "_data")
    data.unlink(missing_ok=True)
    onnx.save_model(
        model, str(path), save_as_external_data=True, all_tensors_to_one_file=True,
        location=data.name, size_threshold=1024,
    )
    onnx.checker.check_model(str(path), full_check=True)
