"""Training of the autoencoder."""

from __future__ import annotations

import torch
from torch import nn

from ..pictures import PictureBatches
from ..training.draw import Draw
from .model import Autoencoder

_SQUARE_WEIGHT = 4.0
_EDGE_WEIGHT = 0.5
_DIVERGENCE_WEIGHT = 2e-3


class AutoencoderLoss:
    """
    Reconstruction by absolute and squared error of pixels and absolute error of neighbours' differences,
    which keeps edges sharp; and a little of the latents' divergence from a standard normal, which bounds them
    and lets the decoder see noise.
    """

    def __init__(self, pictures: PictureBatches, batch: int) -> None:
        self._pictures = pictures
        self._batch = batch

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, Autoencoder)
        indices = draw.samples(self._batch, self._pictures.size)
        pictures = self._pictures(indices, draw.uniform(len(indices)) < 0.5)
        mean, log_variance = model.encode(pictures)
        noise = draw.normal(*mean.shape)
        error = model.decode(mean + (0.5 * log_variance).exp() * noise) - pictures

        absolute, square = error.abs().mean(), error.square().mean()
        edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        loss = absolute + _SQUARE_WEIGHT * square + _EDGE_WEIGHT * edges + _DIVERGENCE_WEIGHT * divergence
        decibels = 10 * torch.log10(4 / square.detach())
        return loss, {"decibels": decibels, "edges": edges.detach(), "divergence": divergence.detach()}
