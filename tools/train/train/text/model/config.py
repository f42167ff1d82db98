"""Sizes of the text model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..scene.things import things
from .parts import PARTS, PARTS_OF_A_PAIR


@dataclass(frozen=True)
class TextEncoderConfig:
    """Sizes of the text encoder."""

    vocabulary: int
    """Word pieces."""
    width: int = 192
    depth: int = 3
    heads: int = 3
    mlp_ratio: int = 4
    max_length: int = 24
    """Word pieces that a caption is padded or cut to."""
    entries: int = len(things()) + 1
    """Of the memory: none, then the things in their order."""
    parts: tuple[int, ...] = (PARTS, PARTS_OF_A_PAIR)
    """Rows that each slot reads: so many of the first parts of an entry."""
    part_channels: int = 64
    norm_eps: float = 1e-6

    @property
    def rows(self) -> int:
        """Rows of features: of the word pieces, then of the slots' parts."""
        return self.max_length + sum(self.parts)

    def to_json(self) -> dict[str, Any]:
        """As the model's users read it."""
        return {
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "num_hidden_layers": self.depth,
            "num_attention_heads": self.heads,
            "mlp_ratio": self.mlp_ratio,
            "max_length": self.max_length,
            "memory_entries": self.entries,
            "memory_parts": list(self.parts),
            "memory_channels": self.part_channels,
            "norm_eps": self.norm_eps,
        }


@dataclass(frozen=True)
class TextMarConfig:
    """Sizes under LightGen's names; encoder, decoder and cross-attention stage are of one width."""

    vae_embed_dim: int = 64
    """Channels of a token: those of its patch_size² latents."""
    patch_size: int = 2
    """Latents along a side of a token."""
    side: int = 8
    """Tokens along a side of the grid."""
    position_side: int = 8
    """Rows and columns of the position tables, whatever a picture's size."""
    embed_dim: int = 256
    encoder_depth: int = 2
    decoder_depth: int = 2
    cross_depth: int = 4
    text_depth: int = 1
    """Blocks that align the text's features."""
    num_heads: int = 4
    mlp_ratio: int = 4
    caption_channels: int = 192
    """Width of the text encoder."""
    max_length: int = TextEncoderConfig.max_length + PARTS + PARTS_OF_A_PAIR
    """Rows of text."""
    diffloss_d: int = 3
    """Residual blocks of the diffusion head."""
    diffloss_w: int = 256
    """Width of the diffusion head."""
    norm_eps: float = 1e-6

    @property
    def length(self) -> int:
        """Tokens of a picture."""
        return self.side**2

    def to_json(self, resolution: int) -> dict[str, Any]:
        """As the converter reads it; `resolution` in pixels."""
        return {
            "family": "lightgen",
            "img_size": resolution,
            "vae_stride": resolution // (self.side * self.patch_size),
            "patch_size": self.patch_size,
            "vae_embed_dim": self.vae_embed_dim // self.patch_size**2,
            "encoder_embed_dim": self.embed_dim,
            "encoder_depth": self.encoder_depth,
            "encoder_num_heads": self.num_heads,
            "decoder_embed_dim": self.embed_dim,
            "decoder_depth": self.decoder_depth,
            "decoder_num_heads": self.num_heads,
            "cross_embed_dim": self.embed_dim,
            "cross_depth": self.cross_depth,
            "cross_num_heads": self.num_heads,
            "text_depth": self.text_depth,
            "text_num_heads": self.num_heads,
            "caption_channels": self.caption_channels,
            "max_length": self.max_length,
            "pos_embed_len": self.position_side**2,
            "interpolate_offset": INTERPOLATE_OFFSET,
            "diffloss_d": self.diffloss_d,
            "diffloss_w": self.diffloss_w,
            "mlp_ratio": self.mlp_ratio,
            "norm_eps": self.norm_eps,
            "seq_h": self.side,
            "seq_w": self.side,
        }


INTERPOLATE_OFFSET = 0.1
"""Added to a side before the tables are scaled to it."""
