"""The MAR model's loss on pictures that it was not trained on."""

from __future__ import annotations

import math

import numpy as np
import torch

from ..mar.training import hidden_loss
from ..pictures import labels_of, to_tensor
from ..training.device import mixed_precision
from ..training.draw import Draw
from ..workplace import Workplace

SHARES = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.05)
_BATCH = 60
_TARGETS = 4


@torch.no_grad()
def validate_mar(place: Workplace, count: int = 240) -> None:
    """
    Reports the loss of ε in `count` held-out pictures by the share of their tokens that is masked, classes given.
    Masks, timesteps and noise are the same for every model.
    """
    mar, autoencoder = place.load_mar(), place.load_autoencoder()
    pixels = np.load(place.held_out_pictures, mmap_mode="r")[:count]
    labels = torch.from_numpy(labels_of(count)).to(place.device)
    latents = torch.cat(
        [autoencoder.encode(part)[0] for part in to_tensor(pixels, place.device).split(_BATCH)]
    )
    tokens = latents.flatten(2).transpose(1, 2)
    losses = {}
    for share in SHARES:
        hidden_count = math.ceil(share * mar.config.length)
        parts = []
        for step, rows in enumerate(torch.arange(count).split(_BATCH)):
            draw = Draw(0, step, 0, 1, place.device)
            with mixed_precision(place.device):
                condition = mar.class_condition(labels[rows])
                _, found = hidden_loss(mar, tokens[rows], condition, hidden_count, _TARGETS, draw)
            parts.append(float(found["epsilon"]) * len(rows))
        losses[f"{share:g}"] = round(sum(parts) / count, 4)
    place.report("validation", {"pictures": count, "epsilon": losses})
