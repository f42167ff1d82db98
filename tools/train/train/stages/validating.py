"""The MAR model's loss on pictures that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from ..mar.training import MaskedModel, hidden_loss
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
    losses = loss_by_share(mar, tokens, lambda rows: mar.class_condition(labels[rows]), SHARES)
    place.report("validation", {"pictures": count, "epsilon": losses})


@torch.no_grad()
def loss_by_share(
    model: MaskedModel,
    tokens: torch.Tensor,
    condition_of: Callable[[torch.Tensor], torch.Tensor],
    shares: Sequence[float],
    reduced: bool | None = None,
) -> dict[str, float]:
    """
    The loss of ε by the share of tokens that is masked.

    @param tokens: float32 [n, length, channels]
    @param condition_of: what the model is told of the pictures at some places, int64 [k]
    @param reduced: whether products are in bfloat16, by default where `mixed_precision` says so
    """
    count, length = tokens.shape[:2]
    losses = {}
    for share in shares:
        parts = []
        for step, rows in enumerate(torch.arange(count).split(_BATCH)):
            draw = Draw(0, step, 0, 1, tokens.device)
            with mixed_precision(tokens.device, reduced):
                _, found = hidden_loss(
                    model, tokens[rows], condition_of(rows), math.ceil(share * length), _TARGETS, draw
                )
            parts.append(float(found["epsilon"]) * len(rows))
        losses[f"{share:g}"] = round(sum(parts) / count, 4)
    return losses
