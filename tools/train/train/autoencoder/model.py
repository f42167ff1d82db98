"""The autoencoder."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import Downsample, Middle, ResidualBlock, Upsample, group_norm
from .config import AutoencoderConfig


class _EncoderLevel(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, last: bool, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [channels_in] + [channels_out] * config.num_res_blocks
        self.block = nn.ModuleList(ResidualBlock(a, b, config) for a, b in zip(widths, widths[1:]))
        self.downsample = nn.Identity() if last else Downsample(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.block:
            x = block(x)
        return self.downsample(x)


class _DecoderLevel(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, last: bool, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [channels_in] + [channels_out] * (config.num_res_blocks + 1)
        self.block = nn.ModuleList(ResidualBlock(a, b, config) for a, b in zip(widths, widths[1:]))
        self.upsample = nn.Identity() if last else Upsample(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.block:
            x = block(x)
        return self.upsample(x)


class Encoder(nn.Module):
    """Gathered pixels [n, 3p², h, w] → moments before the quantising convolution [n, 2z, h', w']."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [config.ch] + [config.ch * factor for factor in config.ch_mult]
        last = len(config.ch_mult) - 1
        self.conv_in = nn.Conv2d(config.colours, config.ch, 3, padding=1)
        self.down = nn.ModuleList(
            _EncoderLevel(widths[level], widths[level + 1], level == last, config)
            for level in range(last + 1)
        )
        self.mid = Middle(widths[-1], config)
        self.norm_out = group_norm(widths[-1], config)
        self.conv_out = nn.Conv2d(widths[-1], 2 * config.z_channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    """Latents after the quantising convolution [n, z, h', w'] → gathered pixels [n, 3p², h, w]."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = [config.ch * factor for factor in config.ch_mult]
        levels = len(widths)
        self.conv_in = nn.Conv2d(config.z_channels, widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1], config)
        # Level 0 is the finest and comes last.
        self.up = nn.ModuleList(
            _DecoderLevel(widths[min(level + 1, levels - 1)], widths[level], level == 0, config)
            for level in range(levels)
        )
        self.norm_out = group_norm(widths[0], config)
        self.conv_out = nn.Conv2d(widths[0], config.colours, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.mid(self.conv_in(x))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Autoencoder(nn.Module):
    """Pictures [n, 3, H, W] in −1..1 ↔ latents [n, z, h, w], with the published code's key names."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quant_conv = nn.Conv2d(2 * config.z_channels, 2 * config.z_channels, 1)
        self.post_quant_conv = nn.Conv2d(config.z_channels, config.z_channels, 1)

    def encode(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the latents, float32."""
        gathered = F.pixel_unshuffle(pictures, self.config.pixel_shuffle)
        mean, log_variance = self.quant_conv(self.encoder(gathered)).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-30, 20)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Pictures, float32, not clipped."""
        return F.pixel_shuffle(self.decoder(self.post_quant_conv(latents)), self.config.pixel_shuffle).float()
