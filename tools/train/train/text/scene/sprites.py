"""The things' pictures in every size and colour, ready to be laid on a scene."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from ...training.checkpoint import complete_file
from .colours import COLOURS, Dye
from .things import picture_files

SIZES: dict[str, int] = {"small": 32, "middling": 64, "big": 96}
"""Pixels along a side: whole tokens."""


class Sprites:
    """Pictures by thing, colour and size; each is made once."""

    def __init__(self, packages: Path) -> None:
        """`packages`: the folder `node_modules` that holds them; what colours they have is noted beside it."""
        self._files = picture_files(packages)
        self._colours = self._note_colours(packages.with_name("colours.json"))

    @lru_cache(maxsize=None)  # noqa: B019: as long-lived as the process
    def _full(self, thing: int) -> tuple[np.ndarray, Dye]:
        picture = np.asarray(Image.open(self._files[thing]).convert("RGBA"), np.float32) / 255
        return picture, Dye(picture)

    def colours(self, thing: int) -> tuple[str, ...]:
        """The colours that a thing can take, its own one left out; none for many things."""
        takes_colour, own = self._colours[thing]
        return tuple(name for name in COLOURS if name != own) if takes_colour else ()

    def own_colour(self, thing: int) -> str | None:
        """The name of the colour that a thing has by itself, if one would call it so."""
        return self._colours[thing][1]

    def _note_colours(self, path: Path) -> list[tuple[bool, str | None]]:
        """Whether each thing takes a colour, and which it has; half a minute's work, so it is done once."""
        if not path.exists():
            dyes = [self._full(thing)[1] for thing in range(len(self._files))]
            with complete_file(path) as partial:
                partial.write_text(json.dumps([[dye.takes_colour, dye.own_colour] for dye in dyes]))
        return [(bool(takes), own) for takes, own in json.loads(path.read_text())]

    @lru_cache(maxsize=20_000)  # noqa: B019: as long-lived as the process
    def sprite(self, thing: int, colour: str | None, pixels: int) -> np.ndarray:
        """Premultiplied float32 [pixels, pixels, 4] in 0–1; `colour` None is as it comes."""
        picture, dye = self._full(thing)
        if colour is not None:
            picture = dye.dyed(picture, colour)
        premultiplied = picture.copy()
        premultiplied[..., :3] *= picture[..., 3:]
        channels = [
            Image.fromarray(premultiplied[..., channel]).resize((pixels, pixels), Image.HAMMING)
            for channel in range(4)
        ]
        stacked = np.stack([np.asarray(channel) for channel in channels], axis=-1)
        return np.clip(stacked, 0, 1).astype(np.float32)
