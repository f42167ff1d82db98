"""Transformer blocks, under the published code's names."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ..training.products import LayerNorm, Linear, attend


class Attention(nn.Module):
    """Self-attention: [n, length, width] → the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Linear(width, 3 * width)
        self.proj = Linear(width, width)

    def forward(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        count, length, width = x.shape
        parts = self.qkv(x).view(count, length, 3, self.heads, width // self.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        return self.proj(attend(queries, keys, values, seen).transpose(1, 2).reshape(count, length, width))


class Mlp(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = Linear(width, hidden)
        self.fc2 = Linear(hidden, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """
    Attention and MLP, each normalised before and added: [n, length, width] → the same. `seen` (bool [n,
    length]) says which rows the others attend to; all, if it is left out.
    """

    def __init__(self, width: int, heads: int, mlp_ratio: int, epsilon: float) -> None:
        super().__init__()
        self.norm1 = LayerNorm(width, eps=epsilon)
        self.attn = Attention(width, heads)
        self.norm2 = LayerNorm(width, eps=epsilon)
        self.mlp = Mlp(width, mlp_ratio * width)

    def forward(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        x = x + self.attn(self.norm1(x), seen)
        return x + self.mlp(self.norm2(x))
