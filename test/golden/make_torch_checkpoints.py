"""Writes small checkpoints of every kind that torch.save makes, for test/tensor/torch_checkpoint_test.ts.

Run: python test/golden/make_torch_checkpoints.py
Element i of a tensor is i / 8 - 3 (or i where it holds integers).
With a file as argument, checks that PyTorch reads it: python … FILE [EXPECTED.pth]
"""
import os
import pickle
import sys
from collections import OrderedDict

import torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch")


def ramp(*dims, dtype=torch.float32):
    count = int(torch.tensor(dims).prod())
    values = torch.arange(count, dtype=torch.float64)
    return (values / 8 - 3 if dtype.is_floating_point else values).to(dtype).reshape(dims)


class Runs:
    def __reduce__(self):
        return os.system, ("exit 1",)


class Prompter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.perturbation = torch.nn.Parameter(ramp(3, 4, 4))
        self.register_buffer("mask", ramp(4, 4))


def write():
    os.makedirs(FOLDER, exist_ok=True)
    save = lambda value, name, **options: torch.save(value, os.path.join(FOLDER, name), **options)
    official = {"perturbation": ramp(3, 4, 4)}
    save(official, "tensor.pth")
    save(official, "legacy.pth", _use_new_zipfile_serialization=False)
    save(official, "protocol4.pth", pickle_protocol=4)
    save({"epoch": 7, "acc": 0.5, "perturbation": torch.nn.Parameter(ramp(3, 4, 4))}, "parameter.pth")
    save({"model": Prompter().state_dict(), "note": "best"}, "state_dict.pth")
    save(ramp(3, 4, 4), "alone.pth")
    kinds = ["float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
    types = {kind: ramp(3, dtype=getattr(torch, kind)) for kind in kinds}
    save(types, "types.pth")
    save(types, "types_legacy.pth", _use_new_zipfile_serialization=False)
    base = ramp(4, 6)
    save(OrderedDict(turned=base.t(), part=base[1:3, 2:5], wide=base[0, :2].expand(3, 2)), "views.pth")
    save(Prompter(), "module.pth")
    with open(os.path.join(FOLDER, "runs.pkl"), "wb") as file:
        pickle.dump(Runs(), file, protocol=2)


def check(path, expected):
    tensors = torch.load(path, weights_only=True)
    mapped = torch.load(path, weights_only=True, mmap=True)
    for name, x in tensors.items():
        print(name, tuple(x.shape), x.dtype)
        assert torch.equal(x, mapped[name])
        if expected is not None:
            y = torch.load(expected, weights_only=True)[name]
            assert x.dtype == y.dtype and x.numpy().tobytes() == y.detach().numpy().tobytes(), name


if __name__ == "__main__":
    if len(sys.argv) > 1:
        check(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    else:
        write()
