"""Scenes as pixels."""

from __future__ import annotations

from random import Random

import numpy as np

from .backgrounds import draw_background
from .scene import Scene
from .sprites import Sprites


def render_scene(scene: Scene, sprites: Sprites, seed: int, index: int) -> np.ndarray:
    """uint8 [128, 128, 3]. Seed and index decide what chance does to the background."""
    picture = draw_background(scene.background, Random(f"background/{seed}/{index}"))
    for item in scene.items:
        sprite = sprites.sprite(item.thing, item.colour, item.pixels)
        rows, columns = slice(item.top, item.top + item.pixels), slice(item.left, item.left + item.pixels)
        picture[rows, columns] *= 1 - sprite[..., 3:]
        picture[rows, columns] += sprite[..., :3]
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
