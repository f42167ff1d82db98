"""The text encoder, trained along with what it serves."""

from __future__ import annotations

import torch
from torch import nn

from ...mar.blocks import Block
from ...training.products import LayerNorm
from .config import TextEncoderConfig
from .word_pieces import PAD


class TextEncoder(nn.Module):
    """
    Word pieces int64 [n, length] → features [n, length, width].

    Padding is not attended to, and its rows come out as zeros: what follows attends to all rows alike, so the
    rows have to be the same whatever the padding was computed from.
    """

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.position_embedding = nn.Parameter(torch.zeros(1, config.max_length, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.mlp_ratio, config.norm_eps) for _ in range(config.depth)
        )
        self.norm = LayerNorm(config.width, eps=config.norm_eps)
        self._initialise()

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        seen = pieces != PAD
        h = self.token_embedding(pieces) + self.position_embedding[:, : pieces.shape[1]]
        for block in self.blocks:
            h = block(h, seen)
        return self.norm(h) * seen[..., None]

    @torch.no_grad()
    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        # Words far apart, which a short training would else spend its first part to find.
        nn.init.normal_(self.token_embedding.weight, std=0.5)
        nn.init.normal_(self.position_embedding, std=0.2)
