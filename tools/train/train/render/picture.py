"""Pictures by class, seed and index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from .balloon import balloon
from .butterfly import butterfly
from .cactus import cactus
from .cat import cat
from .drawing import Attributes, Drawing
from .fish import fish
from .flower import flower
from .house import house
from .mushroom import mushroom
from .planet import planet
from .sailboat import sailboat
from .snowflake import snowflake
from .tree import tree

CLASSES: tuple[Callable[[Random], Drawing], ...] = (
    flower,
    butterfly,
    fish,
    mushroom,
    tree,
    house,
    cat,
    planet,
    balloon,
    cactus,
    sailboat,
    snowflake,
)
"""A function a class; its place is the class's label."""

CLASS_NAMES: tuple[str, ...] = tuple(function.__name__ for function in CLASSES)


@dataclass(frozen=True)
class Picture:
    """A rendered picture with everything that is known of it."""

    pixels: np.ndarray
    """uint8 [64, 64, 3]."""
    label: int
    attributes: Attributes
    caption: str


def render(seed: int, index: int) -> Picture:
    """
    The picture at `index` of the data set `seed`: the same on every machine with the same Pillow, whose
    versions differ in a few pixels. Classes follow one another in turn.
    """
    label = index % len(CLASSES)
    # A string is hashed in full, so that neighbouring seeds and indices have nothing in common.
    drawing = CLASSES[label](Random(f"{seed}/{index}"))
    return Picture(drawing.canvas.pixels(), label, drawing.attributes, drawing.caption)
