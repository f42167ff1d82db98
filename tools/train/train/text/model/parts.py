"""The parts of things: the tokens of a thing by itself, in every size."""

from __future__ import annotations

import numpy as np
import torch

from ...autoencoder.model import Autoencoder
from ..latents import encode_scenes, to_tokens
from ..scene.backgrounds import SIDE
from ..scene.render import lay, to_bytes
from ..scene.sprites import SIZES, Sprites
from ..scene.things import things

TOKEN = 16
"""Pixels along its side."""
_ORDER = ("middling", "small", "big")
"""Of a pair's second thing only the first size is ever wanted."""
_GREY = 0.55


def _places(size: str) -> list[tuple[int, int]]:
    """Row and column, among the tokens of a picture, of the parts of a thing in its middle."""
    tokens = SIZES[size] // TOKEN
    first = (SIDE // TOKEN - tokens) // 2
    return [(first + row, first + column) for row in range(tokens) for column in range(tokens)]


PART_PLACES: tuple[tuple[str, int, int], ...] = tuple(
    (size, row, column) for size in _ORDER for row, column in _places(size)
)
"""Size, row and column of every part."""
PARTS = len(PART_PLACES)
PARTS_OF_A_PAIR = len(_places(_ORDER[0]))


def parts_of_things(autoencoder: Autoencoder, sprites: Sprites, patch: int) -> torch.Tensor:
    """Tokens of every thing in its own colour on grey: float32 [things, parts, channels]."""
    found = []
    for thing in range(len(things())):
        pixels = np.stack([_alone(sprites, thing, size) for size in _ORDER])
        tokens = to_tokens(encode_scenes(autoencoder, pixels), patch)
        side = SIDE // TOKEN
        found.append(
            torch.stack([tokens[_ORDER.index(size), row * side + column] for size, row, column in PART_PLACES])
        )
    return torch.stack(found)


def _alone(sprites: Sprites, thing: int, size: str) -> np.ndarray:
    picture = np.full((SIDE, SIDE, 3), _GREY, np.float32)
    corner = (SIDE - SIZES[size]) // 2
    lay(picture, sprites.sprite(thing, None, SIZES[size]), corner, corner)
    return to_bytes(picture)
