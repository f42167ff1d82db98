"""Computes the latents that the MAR model is trained on."""

from __future__ import annotations

import numpy as np

from ..latents import cache_latents, limits_path
from ..workplace import Workplace


def compute_latents(place: Workplace) -> None:
    """Encodes the training pictures and their mirror images."""
    if place.latents.exists() and limits_path(place.latents).exists():
        return
    pixels = np.load(place.training_pictures, mmap_mode="r")
    limits = cache_latents(place.load_autoencoder(), pixels, place.latents, place.device)
    place.report("latents", {"limits": limits})
