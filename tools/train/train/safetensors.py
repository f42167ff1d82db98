"""Safetensors files."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from .training.checkpoint import complete_file

_TYPES = {torch.float16: "F16", torch.float32: "F32"}
_READ = {"F16": (np.float16, np.float32), "F32": (np.float32, np.float32), "I32": (np.int32, np.int32)}
"""By a type's name in a file: how it is stored, and as what it is read."""


def write_safetensors(path: Path, tensors: Mapping[str, torch.Tensor], dtype: torch.dtype) -> None:
    """
    Writes tensors as float16 or float32.

    @raises OverflowError if a number doesn't fit
    """
    header: dict[str, object] = {}
    blobs, start = [], 0
    for name, tensor in tensors.items():
        stored = tensor.detach().to("cpu", dtype).contiguous()
        if not torch.isfinite(stored).all():
            raise OverflowError(f"{name} holds numbers that {dtype} can't hold.")
        blob = stored.numpy().tobytes()
        header[name] = {
            "dtype": _TYPES[dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, start + len(blob)],
        }
        blobs.append(blob)
        start += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with complete_file(path) as partial, partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """Reads float16 and float32 tensors, as float32, and those of int32."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensors = {}
    header.pop("__metadata__", None)
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        stored, read = _READ[entry["dtype"]]
        values = np.frombuffer(content[start:end], stored).astype(read)
        tensors[name] = torch.from_numpy(values).view(entry["shape"])
    return tensors
