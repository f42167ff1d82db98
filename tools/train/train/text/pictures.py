"""Rendered scenes by the chunk, for processes that share the work."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..pictures import Chunk
from .scene.captions import Captions
from .scene.render import render_scene
from .scene.scene import scene_at
from .scene.sprites import Sprites


@lru_cache(maxsize=1)
def sprites_of(packages: Path) -> Sprites:
    """The sprites of a process, which keeps them."""
    return Sprites(packages)


def render_scenes(packages: Path, held_out: bool, chunk: Chunk) -> tuple[np.ndarray, list[str]]:
    """
    Pictures uint8 [n, 128, 128, 3] and a JSON line each: the plain caption and the scene.

    @param held_out: whether every scene holds a combination that is kept out of training, or none does
    """
    seed, start, end = chunk
    sprites = sprites_of(packages)
    captions = Captions(sprites)
    scenes = [scene_at(seed, index, sprites, held_out) for index in range(start, end)]
    pixels = [render_scene(scene, sprites, seed, index) for index, scene in enumerate(scenes, start)]
    lines = [
        json.dumps({"caption": captions.plain(scene), **scene.to_json()}, ensure_ascii=False) + "\n"
        for scene in scenes
    ]
    return np.stack(pixels), lines
