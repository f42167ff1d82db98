"""The network of the judge of scenes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ...judge.damage import DAMAGES
from ...judge.model import FEATURES, LAYOUT, convolution_block
from ..scene.backgrounds import BACKGROUNDS
from ..scene.colours import COLOURS
from ..scene.sprites import SIZES
from ..scene.things import things

CELLS = 16
"""Cells along a side; a thing is told of in the cell of its middle."""


class Findings(NamedTuple):
    """What the judge says of n pictures."""

    present: torch.Tensor
    """Logits [n, 16, 16]: whether a thing has its middle there."""
    classes: torch.Tensor
    """Logits [n, things, 16, 16]: which it is."""
    colours: torch.Tensor
    """Logits [n, 1 + colours, 16, 16]: its own colour first, then those that it can be given."""
    sizes: torch.Tensor
    """Logits [n, sizes, 16, 16]."""
    features: torch.Tensor
    """[n, 128]: what distances between sets of pictures are measured in."""
    backgrounds: torch.Tensor
    """Logits [n, backgrounds]."""
    damages: torch.Tensor
    """Logits [n, kinds of damage]; the first is none."""
    amounts: torch.Tensor
    """[n, kinds of damage]: how much there is, which keeps the features from saturating."""
    layout: torch.Tensor
    """[n, 64]: colours and contrast in a 4×4 grid, which keeps the features aware of what is where."""


class SceneJudge(nn.Module):
    """Pictures [n, 3, 128, 128] in −1..1 → findings."""

    def __init__(self) -> None:
        super().__init__()
        # Pixels gathered in 4×4 blocks: 48 channels at a quarter of the resolution, nothing lost.
        self.fine = nn.Sequential(
            convolution_block(48, 64, 1), convolution_block(64, 96, 2), convolution_block(96, 128, 1)
        )
        # Things reach over 13 cells, so their middles are told with a view of far more than that.
        self.wide = nn.Sequential(
            convolution_block(128, 160, 2), convolution_block(160, 160, 2), convolution_block(160, 160, 1)
        )
        self.middling = convolution_block(128, 128, 2)
        self.joined = nn.Sequential(convolution_block(128 + 128 + 160, 192, 1), convolution_block(192, 192, 1))
        self.cells = nn.Conv2d(192, 1 + len(things()) + 1 + len(COLOURS) + len(SIZES), 1)
        self.features = nn.Linear(2 * 192 + 160, FEATURES)
        self.backgrounds = nn.Linear(FEATURES, len(BACKGROUNDS))
        self.damages = nn.Linear(FEATURES, len(DAMAGES))
        self.amounts = nn.Linear(FEATURES, len(DAMAGES))
        self.layout = nn.Linear(FEATURES, LAYOUT)

    def forward(self, pictures: torch.Tensor) -> Findings:
        fine = self.fine(F.pixel_unshuffle(pictures, 4))
        wide = self.wide(fine)
        parts = [F.interpolate(part, size=(CELLS, CELLS)) for part in (self.middling(fine), wide)]
        h = self.joined(torch.cat([fine, *parts], dim=1))
        present, classes, colours, sizes = self.cells(h).float().split(
            [1, len(things()), 1 + len(COLOURS), len(SIZES)], dim=1
        )
        features = self.features(torch.cat([h.mean((2, 3)), h.amax((2, 3)), wide.mean((2, 3))], dim=1)).float()
        active = F.relu(features)
        heads = (self.backgrounds, self.damages, self.amounts, self.layout)
        told = (head(active).float() for head in heads)
        return Findings(present[:, 0], classes, colours, sizes, features, *told)
