"""Both parts of the text model, trained together."""

from __future__ import annotations

import torch
from torch import nn

from .config import TextEncoderConfig, TextMarConfig
from .mar import TextMar
from .text_encoder import TextEncoder


class TextModel(nn.Module):
    """Captions and known tokens → conditions of the others."""

    def __init__(self, encoder: TextEncoderConfig, mar: TextMarConfig) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(encoder)
        self.mar = TextMar(mar)

    def text(self, pieces: torch.Tensor) -> torch.Tensor:
        """Word pieces int64 [n, length] → aligned text [n, rows, width]."""
        return self.mar.align(self.text_encoder(pieces))

    def told_text(self, pieces: torch.Tensor, entries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The aligned text where the slots' entries, int64 [n, slots], are given; and the slots' own scores."""
        words, slots = self.text_encoder.read(pieces)
        text = self.mar.align(self.text_encoder.features(words, slots, entries))
        return text, self.text_encoder.memory_scores(slots)
