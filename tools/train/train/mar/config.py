"""Sizes of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class HeadSizes(Protocol):
    """What the diffusion head has to know."""

    @property
    def vae_embed_dim(self) -> int: ...
    @property
    def embed_dim(self) -> int: ...
    @property
    def diffloss_d(self) -> int: ...
    @property
    def diffloss_w(self) -> int: ...
    @property
    def norm_eps(self) -> float: ...


@dataclass(frozen=True)
class MarConfig:
    """Sizes under the published code's names; encoder and decoder are alike."""

    vae_embed_dim: int = 16
    """Channels of a token."""
    side: int = 16
    """Tokens along a side of the grid."""
    embed_dim: int = 192
    depth: int = 4
    """Blocks of the encoder, and as many of the decoder."""
    num_heads: int = 3
    mlp_ratio: int = 4
    buffer_size: int = 8
    """Class rows before the tokens."""
    class_num: int = 12
    diffloss_d: int = 3
    """Residual blocks of the diffusion head."""
    diffloss_w: int = 224
    """Width of the diffusion head."""
    norm_eps: float = 1e-6

    @property
    def length(self) -> int:
        """Tokens of a picture."""
        return self.side**2

    def to_json(self, resolution: int) -> dict[str, Any]:
        """As the converter reads it; `resolution` in pixels."""
        return {
            "img_size": resolution,
            "vae_stride": resolution // self.side,
            "patch_size": 1,
            "vae_embed_dim": self.vae_embed_dim,
            "encoder_embed_dim": self.embed_dim,
            "encoder_depth": self.depth,
            "encoder_num_heads": self.num_heads,
            "decoder_embed_dim": self.embed_dim,
            "decoder_depth": self.depth,
            "decoder_num_heads": self.num_heads,
            "mlp_ratio": self.mlp_ratio,
            "buffer_size": self.buffer_size,
            "class_num": self.class_num,
            "diffloss_d": self.diffloss_d,
            "diffloss_w": self.diffloss_w,
            "seq_h": self.side,
            "seq_w": self.side,
            "norm_eps": self.norm_eps,
        }


MAR_SIZES: dict[str, MarConfig] = {
    # With the autoencoder 11.6 MB in fp16: what the embedded model may weigh.
    "tiny": MarConfig(),
    # 7.9 M parameters, for a comparison of sizes.
    "small": MarConfig(embed_dim=256, num_heads=4, diffloss_w=256),
}
