"""Training of the MAR model on cached latents."""

from __future__ import annotations

import math
from random import Random
from typing import Protocol

import torch
from torch import nn

from ..latents import LatentBatches
from ..training.draw import Draw
from .diffusion_loss import DiffusionLoss
from .model import Mar

_LEAST_MASKED = 1 / 16
_MOST_REPEATED = 4
_DROPPED_CLASSES = 0.1


class MaskedModel(Protocol):
    """A model whose head draws tokens from conditions of their positions."""

    @property
    def diffloss(self) -> DiffusionLoss: ...

    def conditions_at(
        self, tokens: torch.Tensor, condition: torch.Tensor, known: torch.Tensor, wanted: torch.Tensor
    ) -> torch.Tensor: ...


class MarLoss:
    """The loss of tokens hidden at random, given the others and, nine times out of ten, the class."""

    def __init__(self, latents: LatentBatches, batch: int, targets: int) -> None:
        """
        `targets`: timesteps at which the head sees each hidden token; the published training takes 4. Where few
        tokens are hidden it sees them more often, for no more than it costs where all are.
        """
        self._latents = latents
        self._batch = batch
        self._targets = targets

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, Mar)
        tokens, labels = self._latents(draw.samples(self._batch, self._latents.size))
        dropped = draw.uniform(len(tokens), 1) < _DROPPED_CLASSES
        condition = torch.where(dropped, model.fake_latent, model.class_condition(labels))
        return hidden_loss(
            model, tokens, condition, masked_count(tokens.shape[1], draw.shared), self._targets, draw
        )


def hidden_loss(
    model: MaskedModel,
    tokens: torch.Tensor,
    condition: torch.Tensor,
    hidden_count: int,
    targets: int,
    draw: Draw,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """
    The loss of `hidden_count` random tokens of each picture, given its other ones.

    @param tokens: float32 [n, length, channels]
    @param condition: what the model is told beside them [n, ...]
    @param targets: timesteps at which the head sees a hidden token; more where few are hidden
    """
    count, length, channels = tokens.shape
    order = draw.uniform(count, length).argsort(1)
    hidden, known = order[:, :hidden_count], order[:, hidden_count:]
    z = model.conditions_at(tokens, condition, known, hidden).flatten(0, 1)
    hidden_tokens = tokens.gather(1, hidden[..., None].expand(-1, -1, channels)).reshape(-1, channels)
    repeated = min(_MOST_REPEATED, length // hidden_count)
    return model.diffloss(hidden_tokens, z, targets * repeated, draw)


def masked_count(length: int, rng: Random) -> int:
    """
    How many tokens to hide: what the cosine schedule of sampling leaves hidden at a random moment (arXiv
    2202.04200, section 3.2), but no fewer than a sixteenth.

    The published training hides 0.7–1 of them, and leaves what follows to generalisation. A model this small does
    not generalise: it was as unsure of a token with all but a few known as with a tenth known.
    """
    share = max(_LEAST_MASKED, math.cos(math.pi / 2 * rng.random()))
    return math.ceil(length * share)
