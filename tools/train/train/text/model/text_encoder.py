"""The text encoder, trained along with what it serves."""

from __future__ import annotations

import torch
from torch import nn

from ...mar.blocks import Block
from ...training.products import LayerNorm, Linear
from .config import TextEncoderConfig
from .word_pieces import PAD


class TextEncoder(nn.Module):
    """
    Word pieces int64 [n, length] → features [n, rows, width]: a row for each piece, then the parts of the entries
    that the slots look up in the memory.

    Padding is not attended to, and its rows come out as zeros: what follows attends to all rows alike, so the
    rows have to be the same whatever the padding was computed from.
    """

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config
        width, slots = config.width, len(config.parts)
        self.token_embedding = nn.Embedding(config.vocabulary, width)
        self.position_embedding = nn.Parameter(torch.zeros(1, config.max_length, width))
        self.slot_embedding = nn.Parameter(torch.zeros(1, slots, width))
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.mlp_ratio, config.norm_eps) for _ in range(config.depth)
        )
        self.norm = LayerNorm(width, eps=config.norm_eps)
        self.memory_scores = Linear(width, config.entries)
        self.memory = nn.Embedding(config.entries, max(config.parts) * config.part_channels)
        self.memory_proj = Linear(config.part_channels, width)
        self.memory_context = Linear(width, width)
        self.part_embedding = nn.Parameter(torch.zeros(1, max(config.parts), width))
        self.memory_slot_embedding = nn.Parameter(torch.zeros(1, slots, width))
        self.memory_norm = LayerNorm(width, eps=config.norm_eps)
        self._initialise()

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        """Features, by the entry that each slot scores highest."""
        words, slots = self.read(pieces)
        return self.features(words, slots, self.memory_scores(slots).argmax(2))

    def read(self, pieces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The pieces' rows [n, length, width] and the slots' [n, slots, width]."""
        count, length = pieces.shape
        seen = pieces != PAD
        slots = self.slot_embedding.expand(count, -1, -1)
        h = torch.cat([self.token_embedding(pieces) + self.position_embedding[:, :length], slots], dim=1)
        attended = torch.cat([seen, seen.new_ones(slots.shape[:2])], dim=1)
        for block in self.blocks:
            h = block(h, attended)
        h = self.norm(h)
        return h[:, :length] * seen[..., None], h[:, length:]

    def features(self, words: torch.Tensor, slots: torch.Tensor, entries: torch.Tensor) -> torch.Tensor:
        """Features [n, rows, width] of the pieces' and slots' rows, and of the slots' entries, int64 [n, slots]."""
        parts = self.memory(entries).unflatten(2, (-1, self.config.part_channels))
        # What else the caption says of a thing, such as its colour.
        told = self.memory_slot_embedding + self.memory_context(slots)
        rows = self.memory_norm(self.memory_proj(parts) + self.part_embedding[:, None] + told[:, :, None])
        return torch.cat([words, *(rows[:, slot, :size] for slot, size in enumerate(self.config.parts))], dim=1)

    @torch.no_grad()
    def set_memory(self, parts: torch.Tensor) -> None:
        """Lets the memory begin as the things' own tokens [things, parts, channels]; the first entry is none."""
        self.memory.weight[0] = 0
        self.memory.weight[1:] = parts.flatten(1)

    @torch.no_grad()
    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.zeros_(self.memory_context.weight)
        # Words far apart, which a short training would else spend its first part to find.
        nn.init.normal_(self.token_embedding.weight, std=0.5)
        for value in (self.position_embedding, self.slot_embedding):
            nn.init.normal_(value, std=0.2)
        # Parts far apart as well: sinusoids of rows and columns leave neighbours too alike to be asked for.
        nn.init.normal_(self.part_embedding, std=0.7)
        nn.init.normal_(self.memory_slot_embedding, std=0.35)
