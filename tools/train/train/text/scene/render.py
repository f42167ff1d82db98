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
        lay(picture, sprites.sprite(item.thing, item.colour, item.pixels), item.left, item.top)
    return to_bytes(picture)


def lay(picture: np.ndarray, sprite: np.ndarray, left: int, top: int) -> None:
    """Lays a sprite [pixels, pixels, 4] on a picture float [h, w, 3], its upper left corner at `left` and `top`."""
    place = picture[top : top + len(sprite), left : left + len(sprite)]
    place *= 1 - sprite[..., 3:]
    place += sprite[..., :3]


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Of 0–1: uint8."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
