"""The diffusion loss of tokens given their conditions."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from ..training.draw import Draw
from .config import HeadSizes
from .head import HeadNetwork
from .schedule import TRAIN_STEPS, schedule

_LARGEST_WEIGHT = 6.0
_VARIANCE_WEIGHT = 0.3


class DiffusionLoss(nn.Module):
    """
    The head with its loss: squared error of ε, weighted by min(1/ᾱ, 6) so that the noisy steps, which decide
    the layout, aren't drowned by the many easy ones; and the variational bound for the variance alone (arXiv
    2102.09672, section 3.1).
    """

    def __init__(self, config: HeadSizes) -> None:
        super().__init__()
        self.net = HeadNetwork(config)
        s = schedule()
        weight = np.minimum(1 / s.signal**2, _LARGEST_WEIGHT)
        columns = [
            s.signal,
            s.noise,
            s.posterior_start,
            s.posterior_noisy,
            s.smallest_log_variance,
            s.largest_log_variance,
        ]
        table = np.stack([*columns, weight / weight.mean()], axis=1)
        self.register_buffer("table", torch.from_numpy(table).float(), persistent=False)

    def forward(
        self, tokens: torch.Tensor, z: torch.Tensor, targets: int, draw: Draw
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """
        The mean loss over rows, each seen at `targets` timesteps.

        @param tokens: float32 [rows, channels]
        @param z: [rows, width of the decoder]
        """
        rows, channels = tokens.shape
        # A row's timesteps lie evenly apart, which spreads its share of the loss over easy and hard ones.
        offsets = torch.arange(targets, device=tokens.device)[:, None] / targets
        timesteps = ((draw.uniform(1, rows) + offsets) % 1 * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)
        signal, noise, start, noisy_part, smallest, largest, weight = self.table[timesteps].unbind(-1)

        epsilon = draw.normal(targets, rows, channels)
        noisy = signal[..., None] * tokens + noise[..., None] * epsilon
        output = self.net(noisy, timesteps, z).float()
        predicted, v = output[..., :channels], output[..., channels:]
        errors = (predicted - epsilon).square().mean(-1)

        # The bound teaches v only: ε is a constant to it.
        found = (noisy - noise[..., None] * predicted.detach()) / signal[..., None]
        miss = start[..., None] * (tokens - found)
        log_variance = ((v + 1) * largest[..., None] + (1 - v) * smallest[..., None]) / 2
        divergence = 0.5 * (
            log_variance
            - smallest[..., None]
            - 1
            + (smallest[..., None] - log_variance).exp()
            + miss.square() * (-log_variance).exp()
        )
        # At step 0 there is no posterior: the likelihood of the token itself.
        mean = start[..., None] * found + noisy_part[..., None] * noisy
        likelihood = 0.5 * (
            math.log(2 * math.pi) + log_variance + (tokens - mean).square() * (-log_variance).exp()
        )
        bound = torch.where(timesteps[..., None] == 0, likelihood, divergence).mean() / math.log(2)

        loss = (weight * errors).mean() + _VARIANCE_WEIGHT * bound
        return loss, {"epsilon": errors.detach().mean(), "bound": bound.detach()}
