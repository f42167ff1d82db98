"""Draws pictures with the trained models."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import torch

from ..mar.sample import Sampling, sample
from ..pictures import labels_of, to_pixels
from ..render import CLASS_NAMES
from ..training.checkpoint import complete_file
from ..workplace import Workplace
from .rendering import save_by_class

_COLUMNS = 12


@torch.no_grad()
def draw_samples(place: Workplace, count: int, sampling: Sampling, name: str = "samples") -> None:
    """
    Draws `count` pictures (a multiple of 12), classes in turn, for the judge, and a sheet with the first of
    each class.
    """
    started = time.time()
    mar, autoencoder = place.load_mar(), place.load_autoencoder()
    sampling = replace(sampling, limits=place.load_limits())
    batch = 600 if place.device.type == "cuda" else 48
    parts = []
    for start in range(0, count, batch):
        labels = torch.from_numpy(labels_of(count)[start : start + batch]).to(place.device)
        tokens = sample(mar, labels, sampling, place.seed * 1_000_003 + start)
        side = mar.config.side
        latents = tokens.transpose(1, 2).reshape(len(labels), -1, side, side)
        parts.append(to_pixels(torch.cat([autoencoder.decode(part) for part in latents.split(100)])))
    pixels = np.concatenate(parts)
    with complete_file(place.samples) as partial, partial.open("wb") as file:
        np.save(file, pixels)
    save_by_class(pixels[: _COLUMNS * len(CLASS_NAMES)], place, name)
    print(f"{count} pictures in {time.time() - started:.0f} s", flush=True)
