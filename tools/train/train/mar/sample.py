"""Sampling: MAR's own random order with ancestral steps of the head, for contact sheets and the judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..training.device import mixed_precision
from .model import Mar
from .schedule import Schedule, schedule


@dataclass(frozen=True)
class Sampling:
    """How to draw pictures; guidance and temperature are what the packed model advises."""

    steps: int = 64
    """Passes of the transformer."""
    head_steps: int = 50
    """Diffusion steps a token."""
    guidance: float = 3.0
    """The scale at the last step; it grows from 1 linearly with the share of tokens known."""
    temperature: float = 0.95
    """Factor of the noise that the head's steps add."""
    limits: Sequence[float] | None = None
    """The largest absolute x0 of each channel."""


def cosine_counts(length: int, steps: int) -> list[int]:
    """How many tokens each of `steps` steps decodes: few at first, at least one."""
    counts, left = [], length
    for step in range(1, steps + 1):
        target = math.floor(length * math.cos(math.pi / 2 * step / steps))
        after = 0 if step == steps else max(1, min(left - 1, target))
        counts.append(left - after)
        left = after
    return counts


Conditions = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""
Tokens [n, length, channels], known positions [n, k] and chosen ones [n, m] → what the head draws the chosen ones
from [2n, m, width], guided first and unguided second.
"""


@torch.no_grad()
def sample(model: Mar, labels: torch.Tensor, sampling: Sampling, seed: int) -> torch.Tensor:
    """Tokens of one picture a label: int64 [n] → float32 [n, length, channels]."""
    condition = torch.cat([model.class_condition(labels), model.fake_latent.expand(len(labels), -1)])

    def conditions(tokens: torch.Tensor, known: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        return model.conditions_at(tokens.repeat(2, 1, 1), condition, known.repeat(2, 1), chosen.repeat(2, 1))

    shape = len(labels), model.config.length, model.config.vae_embed_dim
    return sample_tokens(model.diffloss.net, conditions, shape, sampling, seed, labels.device)


@torch.no_grad()
def sample_tokens(
    head: nn.Module,
    conditions: Conditions,
    shape: tuple[int, int, int],
    sampling: Sampling,
    seed: int,
    device: torch.device,
) -> torch.Tensor:
    """
    Tokens float32 of `shape`, which is (pictures, length, channels).

    @param head: a `HeadNetwork`, or what takes and gives the same
    """
    count, length, channels = shape
    generator = torch.Generator(device=device)
    generator.manual_seed(seed)
    order = torch.rand(count, length, generator=generator, device=device).argsort(1)
    tokens = torch.zeros(count, length, channels, device=device)
    done = 0
    for decoded in cosine_counts(length, min(sampling.steps, length)):
        known, chosen = order[:, :done], order[:, done : done + decoded]
        done += decoded
        with mixed_precision(device):
            z = conditions(tokens, known, chosen)
        scale = 1 + (sampling.guidance - 1) * done / length
        found = _denoise(head, z.flatten(0, 1), channels, scale, sampling, generator)
        tokens.scatter_(1, chosen[..., None].expand(-1, -1, channels), found.view(count, decoded, channels))
    return tokens


def _denoise(
    head: nn.Module,
    z: torch.Tensor,
    channels: int,
    scale: float,
    sampling: Sampling,
    generator: torch.Generator,
) -> torch.Tensor:
    """Z [2 · rows, width], guided first and unguided second → tokens [rows, channels]."""
    rows = len(z) // 2
    process: Schedule = schedule(sampling.head_steps)
    limits = None if sampling.limits is None else torch.tensor(sampling.limits, device=z.device)
    x = torch.randn(rows, channels, generator=generator, device=z.device)
    for step in reversed(range(len(process.timesteps))):
        timesteps = torch.full((2 * rows,), int(process.timesteps[step]), device=z.device)
        with mixed_precision(z.device):
            output = head(x.repeat(2, 1), timesteps, z).float()
        guided, unguided = output[:rows, :channels], output[rows:, :channels]
        epsilon = unguided + scale * (guided - unguided)
        start = (x - float(process.noise[step]) * epsilon) / float(process.signal[step])
        if limits is not None:
            start = torch.maximum(torch.minimum(start, limits), -limits)
        x = float(process.posterior_start[step]) * start + float(process.posterior_noisy[step]) * x
        if step > 0:
            v = output[:rows, channels:]
            low, high = float(process.smallest_log_variance[step]), float(process.largest_log_variance[step])
            deviation = (((v + 1) * high + (1 - v) * low) / 4).exp()
            noise = torch.randn(rows, channels, generator=generator, device=z.device)
            x = x + deviation * noise * sampling.temperature
    return x
