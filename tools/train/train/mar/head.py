"""The diffusion head's network, under the published code's names."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..training.products import LayerNorm, Linear
from .config import HeadSizes
from .schedule import TRAIN_STEPS

_FREQUENCIES = 256


def sinusoids(steps: int) -> torch.Tensor:
    """Cosines and sines of every timestep: float32 [steps, 256]."""
    half = _FREQUENCIES // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
    angles = torch.arange(steps, dtype=torch.float32)[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class TimestepEmbedder(nn.Module):
    """An MLP on the sinusoids of timesteps: int64 [...] → [..., width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(Linear(_FREQUENCIES, width), nn.SiLU(), Linear(width, width))
        self.register_buffer("sinusoids", sinusoids(TRAIN_STEPS), persistent=False)

    def forward(self, timesteps: torch.Tensor) -> torch.Tensor:
        # There are more rows in a batch than timesteps: embed each timestep once.
        return F.embedding(timesteps, self.mlp(self.sinusoids))


class ResidualBlock(nn.Module):
    """An MLP under adaptive normalisation: rows [..., width] → the same."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.in_ln = LayerNorm(width, eps=epsilon)
        self.mlp = nn.Sequential(Linear(width, width), nn.SiLU(), Linear(width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), Linear(width, 3 * width))

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """`condition` comes through its SiLU already, which all blocks share."""
        shift, scale, gate = self.adaLN_modulation[1](condition).chunk(3, dim=-1)
        return x + gate * self.mlp(torch.addcmul(shift, self.in_ln(x).to(shift.dtype), 1 + scale))


class FinalLayer(nn.Module):
    """Adaptive normalisation and a projection: rows [..., width] → [..., 2 · channels]."""

    def __init__(self, width: int, channels: int, epsilon: float) -> None:
        super().__init__()
        self.norm_final = LayerNorm(width, eps=epsilon, elementwise_affine=False)
        self.linear = Linear(width, 2 * channels)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), Linear(width, 2 * width))

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        shift, scale = self.adaLN_modulation[1](condition).chunk(2, dim=-1)
        return self.linear(torch.addcmul(shift, self.norm_final(x).to(shift.dtype), 1 + scale))


class HeadNetwork(nn.Module):
    """Noisy tokens, timesteps and conditions → ε and the variance's interpolation v."""

    def __init__(self, config: HeadSizes) -> None:
        super().__init__()
        width, channels = config.diffloss_w, config.vae_embed_dim
        self.time_embed = TimestepEmbedder(width)
        self.cond_embed = Linear(config.embed_dim, width)
        self.input_proj = Linear(channels, width)
        self.res_blocks = nn.ModuleList(
            ResidualBlock(width, config.norm_eps) for _ in range(config.diffloss_d)
        )
        self.final_layer = FinalLayer(width, channels, config.norm_eps)
        self._initialise()

    def forward(self, x: torch.Tensor, timesteps: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """
        X [..., rows, channels], timesteps int64 [..., rows], z [rows, width of the decoder] → [..., rows, 2 ·
        channels], ε first.
        """
        condition = F.silu(self.time_embed(timesteps) + self.cond_embed(z))
        h = self.input_proj(x)
        for block in self.res_blocks:
            h = block(h, condition)
        return self.final_layer(h, condition)

    def _initialise(self) -> None:
        """As published: blocks start as identities and the output as zero."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for index in (0, 2):
            nn.init.normal_(self.time_embed.mlp[index].weight, std=0.02)
        silent: list[nn.Module] = [block.adaLN_modulation[1] for block in self.res_blocks]
        for layer in [*silent, self.final_layer.adaLN_modulation[1], self.final_layer.linear]:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
