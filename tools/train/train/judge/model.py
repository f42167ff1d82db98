"""The judge's network."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .damage import DAMAGES

FEATURES = 128
LAYOUT = 64


class Judgement(NamedTuple):
    """What the judge says of n pictures."""

    features: torch.Tensor
    """[n, 128]: what distances between sets of pictures are measured in."""
    classes: torch.Tensor
    """Logits [n, classes]."""
    damages: torch.Tensor
    """Logits [n, kinds of damage]; the first is none."""
    amounts: torch.Tensor
    """[n, kinds of damage]: how much there is, which keeps the features from saturating."""
    layout: torch.Tensor
    """[n, 64]: colours and contrast in a 4×4 grid, which keeps the features aware of what is where."""


def convolution_block(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    """A 3×3 convolution, normalised, with a ReLU."""
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU())


class Judge(nn.Module):
    """Pictures [n, 3, 64, 64] in −1..1 → judgements."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        # Pixels gathered in 2×2 blocks: 12 channels at half the resolution, nothing lost.
        self.trunk = nn.Sequential(
            convolution_block(12, 32, 1),
            convolution_block(32, 64, 2),
            convolution_block(64, 64, 1),
            convolution_block(64, 96, 2),
            convolution_block(96, 128, 1),
        )
        self.features = nn.Linear(256, FEATURES)
        self.classes = nn.Linear(FEATURES, classes)
        self.damages = nn.Linear(FEATURES, len(DAMAGES))
        self.amounts = nn.Linear(FEATURES, len(DAMAGES))
        self.layout = nn.Linear(FEATURES, LAYOUT)

    def forward(self, pictures: torch.Tensor) -> Judgement:
        h = self.trunk(F.pixel_unshuffle(pictures, 2))
        features = self.features(torch.cat([h.mean((2, 3)), h.amax((2, 3))], dim=1))
        active = F.relu(features)
        heads = (self.classes, self.damages, self.amounts, self.layout)
        return Judgement(features, *(head(active) for head in heads))


def layout_of(pictures: torch.Tensor) -> torch.Tensor:
    """Mean colours and contrast in a 4×4 grid: [n, 3, side, side] → [n, 64]."""
    down = (pictures[..., 1:, :-1] - pictures[..., :-1, :-1]).abs().mean(1, keepdim=True)
    right = (pictures[..., :-1, 1:] - pictures[..., :-1, :-1]).abs().mean(1, keepdim=True)
    contrast = F.adaptive_avg_pool2d(down + right, 4)
    return torch.cat([F.adaptive_avg_pool2d(pictures, 4), 4 * contrast], dim=1).flatten(1)
