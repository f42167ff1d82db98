"""Prepares the latents that the MAR model is trained on."""

from __future__ import annotations

import numpy as np

from ...latents import limits_path
from ..latents import allocate_latents, latent_limits
from ..place import LATENT_COUNT, TextPlace

_PICTURES_FOR_LIMITS = 4_000


def prepare_latents(place: TextPlace) -> None:
    """Makes room for the latents, which training fills, and finds the limits of x0."""
    config = place.load_autoencoder().config
    side = 128 // config.stride
    allocate_latents(place.latents, LATENT_COUNT, config.z_channels, side)
    if limits_path(place.latents).exists():
        return
    pixels = np.load(place.training_pictures, mmap_mode="r")[:_PICTURES_FOR_LIMITS]
    limits = latent_limits(place.load_autoencoder(), pixels)
    place.save_limits(limits)
    place.report("latents", {"limits": limits})
