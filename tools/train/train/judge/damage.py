"""Kinds of damage that generated pictures show, done to rendered ones."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

from ..training.draw import Draw

_TOKENS = 16
"""Tokens along a side of a picture."""

Damage = Callable[[torch.Tensor, torch.Tensor, Draw], torch.Tensor]
"""Pictures [n, 3, side, side] and intensities [n] in 0–1 → damaged pictures."""


def blur(pictures: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """A Gaussian blur by `sigma` pixels, one for each picture [n]."""
    offsets = torch.arange(-6, 7, device=pictures.device)
    kernel = torch.exp(-0.5 * (offsets / sigma[:, None].clamp(min=1e-3)).square())
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    count, channels, height, width = pictures.shape
    rows = pictures.reshape(1, count * channels, height, width)
    # Where a training's products are in bfloat16, its pictures aren't.
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16, enabled=False):
        rows = F.conv2d(
            F.pad(rows, (6, 6, 0, 0), mode="replicate"), kernel[:, None, None, :], groups=count * channels
        )
        rows = F.conv2d(
            F.pad(rows, (0, 0, 6, 6), mode="replicate"), kernel[:, None, :, None], groups=count * channels
        )
    return rows.view(count, channels, height, width)


def add_noise(pictures: torch.Tensor, deviation: torch.Tensor, grain: int, draw: Draw) -> torch.Tensor:
    """Coloured noise in squares of `grain` pixels."""
    count, channels, height, width = pictures.shape
    noise = draw.normal(count, channels, height // grain, width // grain)
    return pictures + deviation[:, None, None, None] * F.interpolate(noise, scale_factor=float(grain))


def swap_tokens(pictures: torch.Tensor, swaps: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Exchanges `swaps` (int64 [n]) pairs of neighbouring tokens at random places."""
    damaged = pictures.clone()
    token = pictures.shape[2] // _TOKENS
    most = int(swaps.max()) if len(swaps) else 0
    places = draw.integers(_TOKENS - 1, len(pictures), max(most, 1), 2).tolist()
    across = draw.integers(2, len(pictures), max(most, 1)).tolist()
    for index, count in enumerate(swaps.tolist()):
        for swap in range(count):
            row, column = places[index][swap]
            other_row, other_column = row + across[index][swap], column + 1 - across[index][swap]
            first = (
                index,
                slice(None),
                slice(row * token, (row + 1) * token),
                slice(column * token, (column + 1) * token),
            )
            second = (
                index,
                slice(None),
                slice(other_row * token, (other_row + 1) * token),
                slice(other_column * token, (other_column + 1) * token),
            )
            kept = damaged[first].clone()
            damaged[first] = damaged[second]
            damaged[second] = kept
    return damaged


def join_halves(pictures: torch.Tensor, others: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Replaces the right or the lower half by that of `others`."""
    half = pictures.shape[2] // 2
    beside = torch.where(torch.arange(2 * half, device=pictures.device) < half, 0.0, 1.0)
    right = draw.uniform(len(pictures), 1, 1, 1) < 0.5
    share = torch.where(right, beside[None, None, None, :], beside[None, None, :, None])
    return pictures + share * (others - pictures)


def alter_unseen(pictures: torch.Tensor, draw: Draw) -> torch.Tensor:
    """
    Changes that an eye doesn't see, which are no damage: a blur below σ 0.35, white noise below 33 dB, and
    contrast by up to 2 %. A judge that has learnt to overlook them measures what is seen instead of any trace
    that a decoder leaves.
    """
    count = len(pictures)
    altered = blur(pictures, 0.35 * draw.uniform(count))
    deviation = 0.045 * draw.uniform(count, 1, 1, 1)
    contrast = 1 + 0.02 * (2 * draw.uniform(count, 1, 1, 1) - 1)
    return (contrast * altered + deviation * draw.normal(*pictures.shape)).clamp(-1, 1)


def _blurred(pictures: torch.Tensor, intensity: torch.Tensor, draw: Draw) -> torch.Tensor:
    return blur(pictures, 0.5 + 1.7 * intensity)


def _grained(pictures: torch.Tensor, intensity: torch.Tensor, draw: Draw) -> torch.Tensor:
    return add_noise(pictures, 0.06 + 0.2 * intensity, 2, draw)


def _blotched(pictures: torch.Tensor, intensity: torch.Tensor, draw: Draw) -> torch.Tensor:
    return add_noise(pictures, 0.05 + 0.2 * intensity, pictures.shape[2] // _TOKENS, draw)


def _swapped(pictures: torch.Tensor, intensity: torch.Tensor, draw: Draw) -> torch.Tensor:
    return swap_tokens(pictures, 1 + (30 * intensity.square()).long(), draw)


def _joined(pictures: torch.Tensor, intensity: torch.Tensor, draw: Draw) -> torch.Tensor:
    return join_halves(pictures, pictures.roll(1, 0), draw)


DAMAGES: tuple[str, ...] = ("none", "blur", "grain", "blotches", "swapped tokens", "joined halves")
_FUNCTIONS: dict[str, Damage] = {
    "blur": _blurred,
    "grain": _grained,
    "blotches": _blotched,
    "swapped tokens": _swapped,
    "joined halves": _joined,
}


def damage(pictures: torch.Tensor, kinds: torch.Tensor, draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Pictures [n, 3, side, side] with the damage of `kinds` (int64 [n], places in `DAMAGES`) at random intensity,
    and how much of each kind there is: [n, kinds], 0 for none and 0.2–1 otherwise. Joined halves are taken
    from the picture before of the same kind: order pictures by class to have them match.
    """
    damaged = pictures.clone()
    amounts = torch.zeros(len(pictures), len(DAMAGES), device=pictures.device)
    for kind, name in enumerate(DAMAGES):
        chosen = (kinds == kind).nonzero()[:, 0]
        if name in _FUNCTIONS and len(chosen) > 0:
            intensity = draw.uniform(len(chosen))
            damaged[chosen] = _FUNCTIONS[name](pictures[chosen], intensity, draw)
            amounts[chosen, kind] = 0.2 + 0.8 * intensity
    return damaged.clamp(-1, 1), amounts
