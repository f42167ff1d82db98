"""Training of the MAR model on cached latents."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from torch import nn

from ..latents import LatentBatches
from ..training.draw import Draw
from .model import Mar

_LEAST_MASKED = 0.7
_MASK_DEVIATION = 0.25
_DROPPED_CLASSES = 0.1


class MarLoss:
    """The loss of tokens hidden at random, given the others and, nine times out of ten, the class."""

    def __init__(self, latents: LatentBatches, batch: int, targets: int) -> None:
        """`targets`: timesteps at which the head sees each hidden token; the published training takes 4."""
        self._latents = latents
        self._batch = batch
        self._targets = targets

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, Mar)
        tokens, labels = self._latents(draw.samples(self._batch, self._latents.size))
        count, length, channels = tokens.shape
        hidden_count = masked_count(length, draw.shared)
        order = draw.uniform(count, length).argsort(1)
        hidden, known = order[:, :hidden_count], order[:, hidden_count:]

        dropped = draw.uniform(count, 1) < _DROPPED_CLASSES
        condition = torch.where(dropped, model.fake_latent, model.class_condition(labels))
        z = model.conditions(tokens, condition, known)
        index = hidden[..., None]
        z = z.gather(1, index.expand(-1, -1, z.shape[-1])).reshape(-1, z.shape[-1])
        hidden_tokens = tokens.gather(1, index.expand(-1, -1, channels)).reshape(-1, channels)
        return model.diffloss(hidden_tokens, z, self._targets, draw)


def masked_count(length: int, rng: Random) -> int:
    """
    How many tokens to hide: a share from a normal distribution around 1 with deviation 0.25, cut to 0.7–1
    (arXiv 2406.11838, appendix B).
    """
    while True:
        share = 1 - abs(rng.gauss(0, _MASK_DEVIATION))
        if share >= _LEAST_MASKED:
            return int(np.ceil(length * share))
