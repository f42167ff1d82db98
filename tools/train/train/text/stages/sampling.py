"""Draws pictures with the trained text model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ...mar.sample import Sampling
from ...pictures import to_pixels
from ...sheet import save_sheet
from ..latents import to_latents
from ..place import TextPlace
from ..sample import sample_texts

_BATCH = 24
_COLUMNS = 8

SHOWN: tuple[str, ...] = (
    "a fox",
    "a fox on snow",
    "a blue apple",
    "a big elephant on a meadow",
    "a small mouse on a pink background",
    "two cats",
    "three bananas on a blue background",
    "four stars at night",
    "a dog left of a cat",
    "a tree right of a house on a meadow",
    "a balloon above a boat",
    "a red car beside a green car",
    "a sailboat at sea",
    "a purple guitar on a yellow background",
    "a crown above a frog",
    "a cactus on sand",
    "two green apples on a white background",
    "a penguin in the snow",
    "a rocket at night",
    "a white cat left of a black dog",
    "a burger",
    "a slice of pizza on a red background",
    "a bee above a sunflower",
    "a whale in the sea",
)
"""Captions of the sheet."""


@torch.no_grad()
def draw_texts(
    place: TextPlace, captions: Sequence[str], sampling: Sampling, name: str | None = None
) -> np.ndarray:
    """
    Pictures uint8 [n, 128, 128, 3], one a caption, and, if there is a name, a sheet of them.
    """
    started = time.time()
    model, pieces, autoencoder = place.load_text_model(), place.load_word_pieces(), place.load_autoencoder()
    sampling = replace(sampling, limits=place.load_token_limits(model.mar.config.patch_size))
    parts = []
    for start in range(0, len(captions), _BATCH):
        chosen = captions[start : start + _BATCH]
        tokens = sample_texts(model, pieces, chosen, sampling, place.seed * 1_000_003 + start)
        latents = to_latents(tokens, model.mar.config.patch_size)
        parts.append(to_pixels(autoencoder.decode(latents)))
    pixels = np.concatenate(parts)
    if name is not None:
        save_sheet(pixels, _COLUMNS, place.sheets / f"{name}.png")
        (place.sheets / f"{name}.json").write_text(json.dumps(list(captions), indent=1) + "\n")
    print(f"{len(captions)} pictures in {time.time() - started:.0f} s", flush=True)
    return pixels
