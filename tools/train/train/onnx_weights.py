"""The weights of ONNX graphs, as the converter writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

# Numbers of onnx.proto.
_MODEL_GRAPH, _GRAPH_INITIALIZER = 7, 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_STORED = {1: np.float32, 10: np.float16}
_HALF = ".fp16"


def read_onnx_weights(path: Path) -> dict[str, torch.Tensor]:
    """The named float weights of a graph, as float32; those stored in float16 by their name in float32."""
    weights = {}
    for number, graph in _fields(memoryview(path.read_bytes())):
        if number == _MODEL_GRAPH:
            for inner, tensor in _fields(graph):
                if inner == _GRAPH_INITIALIZER:
                    weights.update(_tensor(tensor))
    return weights


def _tensor(content: memoryview) -> dict[str, torch.Tensor]:
    dims: list[int] = []
    name, kind, raw = "", 0, memoryview(b"")
    for number, value in _fields(content):
        if number == _TENSOR_DIMS:
            dims += [value] if isinstance(value, int) else list(_varints(value))
        elif number == _TENSOR_TYPE:
            kind = value
        elif number == _TENSOR_NAME:
            name = bytes(value).decode()
        elif number == _TENSOR_RAW:
            raw = value
    if kind not in _STORED:
        return {}
    values = np.frombuffer(raw, _STORED[kind]).astype(np.float32).reshape(dims)
    return {name.removesuffix(_HALF): torch.from_numpy(values)}


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Numbers and values of a message's fields: integers, or bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(content, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"No message of ONNX: wire type {wire}.")
        yield number, content[at : at + size]
        at += size


def _varints(content: memoryview) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
