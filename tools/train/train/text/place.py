"""Where the text model's files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..autoencoder.config import AutoencoderConfig
from ..workplace import Workplace

TRAIN_COUNT = 16_000
HELD_OUT_COUNT = 4_000
SCENE_SEED, HELD_OUT_SCENE_SEED, FRESH_SCENE_SEED = 11, 12, 13

AUTOENCODER = AutoencoderConfig(ch=128, z_channels=16, pixel_shuffle=8)


@dataclass(frozen=True)
class TextPlace(Workplace):
    """
    A folder with everything that the text model's stages make. The pictures are scenes at 128×128, the latents
    16×16 tokens.
    """

    @property
    def npm(self) -> Path:
        """Where the emoji's packages are installed."""
        return self.folder / "npm"

    @property
    def packages(self) -> Path:
        """The folder with the emoji and their names."""
        return self.npm / "node_modules"
