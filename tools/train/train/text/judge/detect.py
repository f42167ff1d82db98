"""Things found in pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from ..scene.colours import COLOURS
from ..scene.sprites import SIZES
from .model import CELLS, Findings, SceneJudge

_APART = 3
"""Middles of two things are more cells apart than this, one way or another; of nearer ones the surest counts."""
_BATCH = 50
_COLOURS = tuple(COLOURS)
_SIZES = tuple(SIZES)


class Found(NamedTuple):
    """A thing that the judge has found."""

    thing: int
    colour: str | None
    """None for the thing's own."""
    size: str
    row: int
    column: int
    """The cell of its middle."""


class Seen(NamedTuple):
    """What the judge says of n pictures."""

    things: list[list[Found]]
    features: np.ndarray
    """float32 [n, 128]."""
    backgrounds: np.ndarray
    """int64 [n]: the likeliest."""
    damages: np.ndarray
    """int64 [n]: the likeliest."""


@torch.no_grad()
def look(judge: SceneJudge, pictures: torch.Tensor) -> Seen:
    """Judges pictures [n, 3, 128, 128] in −1..1."""
    device = next(judge.parameters()).device
    judge.eval()
    found: list[list[Found]] = []
    features, backgrounds, damages = [], [], []
    for part in pictures.split(_BATCH):
        findings = judge(part.to(device))
        found += detections(findings)
        features.append(findings.features.cpu().numpy())
        backgrounds.append(findings.backgrounds.argmax(1).cpu().numpy())
        damages.append(findings.damages.argmax(1).cpu().numpy())
    return Seen(found, *(np.concatenate(part) for part in (features, backgrounds, damages)))


def detections(findings: Findings) -> list[list[Found]]:
    """The things of each picture: cells more likely than not to be a middle, and likelier than all around."""
    present = findings.present
    highest = F.max_pool2d(present[:, None], 2 * _APART + 1, stride=1, padding=_APART)[:, 0]
    peaks = (present > 0) & (present == highest)
    classes, colours, sizes = (part.argmax(1) for part in (findings.classes, findings.colours, findings.sizes))
    found: list[list[Found]] = [[] for _ in range(len(present))]
    for picture, row, column in peaks.nonzero().tolist():
        colour = int(colours[picture, row, column])
        found[picture].append(
            Found(
                int(classes[picture, row, column]),
                _COLOURS[colour - 1] if colour else None,
                _SIZES[int(sizes[picture, row, column])],
                row,
                column,
            )
        )
    return found


def cell_targets(items: list[list[Found]]) -> dict[str, torch.Tensor]:
    """
    What the judge should say of n pictures: `present` [n, 16, 16] in each cell; `places` int64 [k, 3] of all things
    (picture, row, column); and `classes`, `colours` and `sizes` int64 [k] of these.
    """
    present = torch.zeros(len(items), CELLS, CELLS)
    rows = [
        (
            picture,
            item.row,
            item.column,
            item.thing,
            0 if item.colour is None else 1 + _COLOURS.index(item.colour),
            _SIZES.index(item.size),
        )
        for picture, found in enumerate(items)
        for item in found
    ]
    table = torch.tensor(rows, dtype=torch.int64).view(-1, 6)
    present[table[:, 0], table[:, 1], table[:, 2]] = 1
    kinds = {"classes": table[:, 3], "colours": table[:, 4], "sizes": table[:, 5]}
    return {"present": present, "places": table[:, :3], **kinds}
