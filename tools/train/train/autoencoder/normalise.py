"""Latents of mean 0, scaled by what the channels are worth in a picture."""

from __future__ import annotations

import torch

from .model import Autoencoder

_BATCH = 100
_NUDGE = 0.1
_PICTURES_NUDGED = 200


@torch.no_grad()
def normalise(model: Autoencoder, pictures: torch.Tensor) -> None:
    """
    Folds a standardisation of the latents, channel by channel, into the two quantising convolutions, after
    which the latents' scale is 1. Pictures come out as before.

    Every channel gets mean 0, and a deviation that goes with the square root of how much the picture changes
    with it; the mean variance is 1. The diffusion loss treats channels alike: were all deviations 1, it would
    spend itself on the many channels of fine detail, whose errors are hardly seen, while the few that carry
    brightness and colour, whose errors show as seams between tokens, were learnt no better.

    @param pictures: [n, 3, H, W] in −1..1, over which mean and variance are taken
    """
    means = torch.cat([model.encode(part)[0] for part in pictures.split(_BATCH)])
    centre, deviation = means.mean((0, 2, 3)), means.std((0, 2, 3))
    worth = _worth(model, means[:_PICTURES_NUDGED], deviation)
    factor = (worth / worth.mean()).sqrt() / deviation
    channels = len(centre)

    weight, bias = model.quant_conv.weight, model.quant_conv.bias
    weight[:channels] *= factor[:, None, None, None]
    bias[:channels] = (bias[:channels] - centre) * factor
    bias[channels:] += 2 * factor.log()

    weight, bias = model.post_quant_conv.weight, model.post_quant_conv.bias
    bias += weight[:, :, 0, 0] @ centre
    weight /= factor[None, :, None, None]


def _worth(model: Autoencoder, latents: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Root mean square change of the pixels where a channel changes by its deviation: [channels]."""
    generator = torch.Generator(device=latents.device).manual_seed(0)
    noise = _NUDGE * torch.randn(latents[:, 0].shape, generator=generator, device=latents.device)
    pictures = torch.cat([model.decode(part) for part in latents.split(_BATCH)])
    worth = []
    for channel in range(len(deviation)):
        nudged = latents.clone()
        nudged[:, channel] += deviation[channel] * noise
        changed = torch.cat([model.decode(part) for part in nudged.split(_BATCH)])
        worth.append((changed - pictures).square().mean().sqrt() / _NUDGE)
    return torch.stack(worth)
