"""Reads the tensors of a `.pth` file of before PyTorch 1.6, without PyTorch and without running its code.

Such a file is five pickles (magic number, version, system, the state, the names of the storages),
then the bytes of each storage. Of the classes that pickles may name, only those of tensors are known.
"""

import pickle
from collections import OrderedDict

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C

STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64, "HalfStorage": np.float16}


class _Tensor:
    def __init__(self, storage, offset, size, stride, *_):
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def read(self, storages):
        flat = storages[self.storage][self.offset:]
        steps = [step * flat.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(flat, self.size, steps).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is nothing that a checkpoint needs")

    def persistent_load(self, saved):
        _, kind, key, _, count = saved[:5]
        self.kinds[key] = (kind, count)
        return key


def read_checkpoint(path):
    """Tensors by name."""
    with open(path, "rb") as file:
        if pickle.load(file) != MAGIC:
            raise SystemExit(f"Cannot read {path}: it is no checkpoint of before PyTorch 1.6")
        pickle.load(file), pickle.load(file)
        unpickler = _Unpickler(file)
        unpickler.kinds = {}
        state = unpickler.load()
        storages = {}
        for key in pickle.load(file):
            kind, count = unpickler.kinds[key]
            (stored,) = np.frombuffer(file.read(8), np.int64)
            if stored != count:
                raise SystemExit(f"Cannot read {path}: storage {key} has {stored} values, not {count}")
            storages[key] = np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind)
        return {name: tensor.read(storages) for name, tensor in state.items()}
