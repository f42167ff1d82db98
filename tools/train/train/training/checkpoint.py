"""Files that are there in full or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """A path to write to; the file takes the name `path` once the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    yield partial
    partial.replace(path)


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes tensors and plain values, in place of what was there."""
    with complete_file(path) as partial:
        torch.save(content, partial)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads what `save_checkpoint` wrote, onto the CPU."""
    return torch.load(path, map_location="cpu")


def load_average(model: nn.Module, checkpoint: dict[str, Any]) -> None:
    """Gives a model the averaged parameters of a training's checkpoint, and the buffers as they were."""
    model.load_state_dict({**checkpoint["weights"], **checkpoint["average"]})


def load_fitting(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Gives a model those of the weights whose name and shape it has too; returns their names."""
    own = model.state_dict()
    fitting = {
        name: value for name, value in weights.items() if name in own and own[name].shape == value.shape
    }
    model.load_state_dict({**own, **fitting})
    return list(fitting)
