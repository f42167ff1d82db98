"""Reads safetensors files: 8 bytes of header length, a JSON header, then the tensors' bytes."""

import json

import numpy
import torch

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def read_safetensors(path):
    """All tensors of a file by name; half floats are widened to float32."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        values = numpy.frombuffer(data[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.astype("f4") if entry["dtype"] == "F16" else values.copy())
    return tensors
