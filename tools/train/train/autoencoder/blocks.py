"""Blocks of the autoencoder, under the published code's names."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ..training.products import attend
from .config import AutoencoderConfig


class GroupNorm(nn.GroupNorm):
    """In float32 whatever comes: older PyTorch can't mix it with bfloat16 on a CPU."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.float())


def group_norm(channels: int, config: AutoencoderConfig) -> nn.GroupNorm:
    """The normalisation before every convolution."""
    return GroupNorm(config.group_norm_groups, channels, eps=config.group_norm_eps)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut: [n, from, h, w] → [n, to, h, w]."""

    def __init__(self, channels_in: int, channels_out: int, config: AutoencoderConfig) -> None:
        super().__init__()
        self.norm1 = group_norm(channels_in, config)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = group_norm(channels_out, config)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.nin_shortcut = (
            nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        return self.nin_shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class AttentionBlock(nn.Module):
    """Attention over all positions, one head: [n, c, h, w] → [n, c, h, w]."""

    def __init__(self, channels: int, config: AutoencoderConfig) -> None:
        super().__init__()
        self.norm = group_norm(channels, config)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = x.shape
        h = self.norm(x)
        # [n, one head, positions, channels]
        queries, keys, values = (
            part(h).flatten(2).transpose(1, 2)[:, None] for part in (self.q, self.k, self.v)
        )
        mixed = attend(queries, keys, values)[:, 0].transpose(1, 2).reshape(count, channels, height, width)
        return x + self.proj_out(mixed)


class Middle(nn.Module):
    """The coarsest level: attention between two residual blocks."""

    def __init__(self, channels: int, config: AutoencoderConfig) -> None:
        super().__init__()
        self.block_1 = ResidualBlock(channels, channels, config)
        self.attn_1 = AttentionBlock(channels, config)
        self.block_2 = ResidualBlock(channels, channels, config)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Downsample(nn.Module):
    """Halves the resolution; zeros are added at the right and the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Doubles the resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
