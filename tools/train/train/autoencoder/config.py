"""Sizes of the autoencoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class AutoencoderConfig:
    """
    A KL autoencoder under the published code's names. Pixels are gathered in blocks of `pixel_shuffle` before
    the encoder, and spread after the decoder; each further level halves the resolution.
    """

    ch: int = 80
    ch_mult: tuple[int, ...] = (1,)
    num_res_blocks: int = 1
    z_channels: int = 16
    pixel_shuffle: int = 4
    group_norm_groups: int = 8
    group_norm_eps: float = 1e-6

    @property
    def colours(self) -> int:
        """Channels of gathered pixels."""
        return 3 * self.pixel_shuffle**2

    @property
    def stride(self) -> int:
        """Pixels a latent cell spans."""
        return self.pixel_shuffle * 2 ** (len(self.ch_mult) - 1)

    def to_settings(self) -> dict[str, Any]:
        """As a checkpoint tells them."""
        return {**asdict(self), "ch_mult": list(self.ch_mult)}

    def to_json(self, resolution: int) -> dict[str, Any]:
        """As the converter reads it; `resolution` in pixels. Latents come normalised, so their scale is 1."""
        return {
            **self.to_settings(),
            "embed_dim": self.z_channels,
            "in_channels": self.colours,
            "out_ch": self.colours,
            "double_z": True,
            "encoder_attn_resolutions": [],
            "decoder_attn_resolutions": [],
            "resolution": resolution // self.pixel_shuffle,
            "latent_scale": 1.0,
        }
