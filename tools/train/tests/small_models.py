"""Models of a few thousand parameters with random weights, and data for them."""

from __future__ import annotations

import numpy as np
import torch

from train.autoencoder.config import AutoencoderConfig
from train.autoencoder.model import Autoencoder
from train.mar.config import MarConfig
from train.mar.model import Mar

AUTOENCODER = AutoencoderConfig(ch=16, z_channels=6, group_norm_groups=4)
MAR = MarConfig(
    vae_embed_dim=6, side=4, embed_dim=32, depth=2, num_heads=2, buffer_size=3, diffloss_d=2, diffloss_w=24
)


def random_autoencoder() -> Autoencoder:
    torch.manual_seed(1)
    return Autoencoder(AUTOENCODER).eval()


def random_mar() -> Mar:
    """With noise on every weight, since a fresh head gives zero whatever it is asked."""
    torch.manual_seed(2)
    model = Mar(MAR).eval()
    with torch.no_grad():
        for value in model.parameters():
            value += 0.05 * torch.randn_like(value)
    return model


class RandomLatents:
    """Latents that are a function of the index."""

    size = 40

    def __call__(self, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(3)
        table = torch.randn(self.size, MAR.length, MAR.vae_embed_dim, generator=generator)
        chosen = torch.from_numpy(indices)
        return table[chosen], chosen % MAR.class_num
