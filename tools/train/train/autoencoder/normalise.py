"""Latents of mean 0 and variance 1 in every channel."""

from __future__ import annotations

import torch

from .model import Autoencoder


@torch.no_grad()
def normalise(model: Autoencoder, pictures: torch.Tensor) -> None:
    """
    Folds a standardisation of the latents, channel by channel, into the two quantising convolutions, after
    which the latents' scale is 1. Pictures come out as before.

    @param pictures: [n, 3, H, W] in −1..1, over which mean and variance are taken
    """
    means = torch.cat([model.encode(part)[0] for part in pictures.split(100)])
    centre, deviation = means.mean((0, 2, 3)), means.std((0, 2, 3))
    channels = len(centre)

    weight, bias = model.quant_conv.weight, model.quant_conv.bias
    weight[:channels] /= deviation[:, None, None, None]
    bias[:channels] = (bias[:channels] - centre) / deviation
    bias[channels:] -= 2 * deviation.log()

    weight, bias = model.post_quant_conv.weight, model.post_quant_conv.bias
    bias += weight[:, :, 0, 0] @ centre
    weight *= deviation[None, :, None, None]
