"""The masked autoregressive transformer (arXiv 2406.11838), with the published code's key names."""

from __future__ import annotations

import math

import torch
from torch import nn

from ..training.products import Linear
from .blocks import Block
from .config import MarConfig
from .diffusion_loss import DiffusionLoss


class Mar(nn.Module):
    """Known tokens and a class → a condition for every position, from which the head draws its token."""

    def __init__(self, config: MarConfig) -> None:
        super().__init__()
        self.config = config
        width, rows = config.embed_dim, config.buffer_size + config.length

        def blocks() -> nn.ModuleList:
            return nn.ModuleList(
                Block(width, config.num_heads, config.mlp_ratio, config.norm_eps) for _ in range(config.depth)
            )

        self.class_emb = nn.Embedding(config.class_num, width)
        self.fake_latent = nn.Parameter(torch.zeros(1, width))
        self.z_proj = Linear(config.vae_embed_dim, width)
        self.z_proj_ln = nn.LayerNorm(width, eps=config.norm_eps)
        self.encoder_pos_embed_learned = nn.Parameter(torch.zeros(1, rows, width))
        self.encoder_blocks = blocks()
        self.encoder_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.decoder_embed = Linear(width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_pos_embed_learned = nn.Parameter(torch.zeros(1, rows, width))
        self.decoder_blocks = blocks()
        self.decoder_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.diffusion_pos_embed_learned = nn.Parameter(torch.zeros(1, config.length, width))
        self._initialise()
        # After the initialisation, as the head has one of its own.
        self.diffloss = DiffusionLoss(config)

    def class_condition(self, labels: torch.Tensor) -> torch.Tensor:
        """int64 [n] → [n, width]."""
        return self.class_emb(labels)

    def conditions(self, tokens: torch.Tensor, condition: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """
        Z of every position, float32 [n, length, width].

        @param tokens: [n, length, channels]; only the known ones are looked at
        @param condition: [n, width]: a class's, or `fake_latent` for none
        @param known: int64 [n, number known]: positions
        """
        buffer, width = self.config.buffer_size, self.config.embed_dim
        count = len(tokens)
        index = known[..., None]

        chosen = tokens.gather(1, index.expand(-1, -1, self.config.vae_embed_dim))
        rows = torch.cat([condition[:, None].expand(-1, buffer, -1), self.z_proj(chosen)], dim=1)
        positions = self.encoder_pos_embed_learned[0]
        h = rows + torch.cat([positions[:buffer].expand(count, -1, -1), positions[buffer:][known]], dim=1)
        h = self.z_proj_ln(h)
        for block in self.encoder_blocks:
            h = block(h)

        h = self.decoder_embed(self.encoder_norm(h))
        masked = self.mask_token.to(h.dtype).expand(count, self.config.length, -1)
        filled = masked.scatter(1, index.expand(-1, -1, width), h[:, buffer:])
        h = torch.cat([h[:, :buffer], filled], dim=1) + self.decoder_pos_embed_learned
        for block in self.decoder_blocks:
            h = block(h)
        return self.decoder_norm(h)[:, buffer:].float() + self.diffusion_pos_embed_learned

    def conditions_at(
        self, tokens: torch.Tensor, condition: torch.Tensor, known: torch.Tensor, wanted: torch.Tensor
    ) -> torch.Tensor:
        """As `conditions`, of the wanted positions alone: int64 [n, m] → [n, m, width]."""
        z = self.conditions(tokens, condition, known)
        return z.gather(1, wanted[..., None].expand(-1, -1, z.shape[-1]))

    @torch.no_grad()
    def _initialise(self) -> None:
        """
        As published, but for positions and classes: positions start as sinusoids of row and column and
        classes far apart, which a short training would else spend its first tenth to find.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for value in (self.fake_latent, self.mask_token):
            nn.init.normal_(value, std=0.02)
        nn.init.normal_(self.class_emb.weight, std=0.3)
        buffer = self.config.buffer_size
        grid = grid_sinusoids(self.config.side, self.config.embed_dim)
        for value in (self.encoder_pos_embed_learned, self.decoder_pos_embed_learned):
            nn.init.normal_(value[:, :buffer], std=0.3)
            value[0, buffer:] = 0.5 * grid
        self.diffusion_pos_embed_learned[0] = 0.1 * grid


def grid_sinusoids(side: int, width: int) -> torch.Tensor:
    """Sines and cosines of row and column of each position, row by row: [side², width]."""
    rates = torch.exp(-math.log(100) * torch.arange(width // 4) / (width // 4))
    angles = torch.arange(side).float()[:, None] * rates
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = line[:, None].expand(-1, side, -1), line[None].expand(side, -1, -1)
    return torch.cat([rows, columns], dim=-1).reshape(side * side, width)
