"""The masked autoregressive transformer of LightGen (arXiv 2503.08619), with its code's key names."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ...mar.blocks import Block, Mlp
from ...mar.diffusion_loss import DiffusionLoss
from ...mar.model import grid_sinusoids
from ...training.products import LayerNorm, Linear, attend
from .config import INTERPOLATE_OFFSET, TextMarConfig


class _TextProjection(nn.Module):
    """The text encoder's features [n, rows, caption channels] → [n, rows, width]."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.linear_1 = Linear(channels, width)
        self.linear_2 = Linear(width, width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        # The tanh form of GELU, here alone.
        return self.linear_2(F.gelu(self.linear_1(features), approximate="tanh"))


class _TextEmbedding(nn.Module):
    """Features → aligned text [n, rows, width]. All rows take part, those of padding too."""

    def __init__(self, config: TextMarConfig) -> None:
        super().__init__()
        width = config.embed_dim
        self.text_proj = _TextProjection(config.caption_channels, width)
        self.text_aligner = nn.ModuleList(
            Block(width, config.num_heads, config.mlp_ratio, config.norm_eps) for _ in range(config.text_depth)
        )
        self.text_aligner_norm = LayerNorm(width, eps=config.norm_eps)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        h = self.text_proj(features)
        for block in self.text_aligner:
            h = block(h)
        return self.text_aligner_norm(h)


class _CrossAttention(nn.Module):
    """Queries [n, positions, width] attend to text [n, rows, width]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_linear = Linear(width, width)
        self.kv = Linear(width, 2 * width)
        self.proj = Linear(width, width)

    def forward(self, x: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        count, length, width = x.shape
        head = width // self.heads
        queries = self.query_linear(x).view(count, length, self.heads, head).transpose(1, 2)
        parts = self.kv(text).view(count, text.shape[1], 2, self.heads, head)
        keys, values = parts.permute(2, 0, 3, 1, 4)
        return self.proj(attend(queries, keys, values).transpose(1, 2).reshape(count, length, width))


class _CrossBlock(nn.Module):
    """
    Positions [n, positions, width] read the text and think it over.

    The residual starts from the normed positions, unlike elsewhere: so the published code has it.
    """

    def __init__(self, config: TextMarConfig) -> None:
        super().__init__()
        width = config.embed_dim
        self.normq = LayerNorm(width, eps=config.norm_eps)
        self.normkv = LayerNorm(width, eps=config.norm_eps)
        self.attn = _CrossAttention(width, config.num_heads)
        self.norm2 = LayerNorm(width, eps=config.norm_eps)
        self.mlp = Mlp(width, config.mlp_ratio * width)

    def forward(self, x: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        queries = self.normq(x)
        x = queries + self.attn(queries, self.normkv(text))
        return x + self.mlp(self.norm2(x))


class TextMar(nn.Module):
    """
    Known tokens and a text → a condition for every position, from which the head draws its token.

    Encoder and decoder don't see the text; it enters in the cross-attention stage, in which positions don't
    see each other: a condition can be computed for the wanted positions alone.
    """

    def __init__(self, config: TextMarConfig) -> None:
        super().__init__()
        self.config = config
        width = config.embed_dim

        def blocks(depth: int) -> nn.ModuleList:
            return nn.ModuleList(
                Block(width, config.num_heads, config.mlp_ratio, config.norm_eps) for _ in range(depth)
            )

        self.text_emb = _TextEmbedding(config)
        self.fake_latent = nn.Parameter(torch.zeros(1, 1, width))
        self.z_proj = Linear(config.vae_embed_dim, width)
        self.z_proj_ln = LayerNorm(width, eps=config.norm_eps)
        self.encoder_pos_embed_learned = nn.Parameter(torch.zeros(1, config.position_side**2, width))
        self.encoder_blocks = blocks(config.encoder_depth)
        self.encoder_norm = LayerNorm(width, eps=config.norm_eps)
        self.decoder_embed = Linear(width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_pos_embed_learned = nn.Parameter(torch.zeros(1, config.position_side**2, width))
        self.decoder_blocks = blocks(config.decoder_depth)
        self.decoder_norm = LayerNorm(width, eps=config.norm_eps)
        self.last_embed = Linear(width, width)
        self.last_pos_embed_learned = nn.Parameter(torch.zeros(1, config.position_side**2, width))
        self.cross_attn_blocks = nn.ModuleList(_CrossBlock(config) for _ in range(config.cross_depth))
        self.cross_norm = LayerNorm(width, eps=config.norm_eps)
        self._initialise()
        # After the initialisation, as the head has one of its own.
        self.diffloss = DiffusionLoss(config)

    def align(self, features: torch.Tensor) -> torch.Tensor:
        """The text encoder's features [n, rows, caption channels] → the text [n, rows, width]."""
        return self.text_emb(features)

    def no_text(self, count: int) -> torch.Tensor:
        """What stands in the place of a text for none: [n, rows, width]."""
        return self.fake_latent.expand(count, self.config.max_length, -1)

    def conditions_at(
        self,
        tokens: torch.Tensor,
        text: torch.Tensor,
        known: torch.Tensor,
        wanted: torch.Tensor,
        grid: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """
        Z of the wanted positions, float32 [n, m, width].

        @param tokens: [n, length, channels]; only the known ones are looked at
        @param text: [n, rows, width]: aligned, or `no_text`
        @param known: int64 [n, number known]: positions
        @param wanted: int64 [n, m]: positions
        @param grid: rows and columns of tokens, by default those of the configuration
        """
        return self.read(self.decode(tokens, known, grid), text, wanted, grid)

    def encode(
        self, tokens: torch.Tensor, known: torch.Tensor, grid: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """The known tokens as they see each other: [n, number known, width]."""
        chosen = tokens.gather(1, known[..., None].expand(-1, -1, tokens.shape[-1]))
        h = self.z_proj_ln(self.z_proj(chosen) + self._positions(self.encoder_pos_embed_learned, grid)[known])
        for block in self.encoder_blocks:
            h = block(h)
        return self.encoder_norm(h)

    def decode(
        self, tokens: torch.Tensor, known: torch.Tensor, grid: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """What the known tokens say of every position: [n, length, width]."""
        count, length = tokens.shape[:2]
        h = self.mask_token.expand(count, length, -1)
        if known.shape[1] > 0:
            seen = self.decoder_embed(self.encode(tokens, known, grid)).to(h.dtype)
            h = h.scatter(1, known[..., None].expand(-1, -1, h.shape[-1]), seen)
        h = h + self._positions(self.decoder_pos_embed_learned, grid)
        for block in self.decoder_blocks:
            h = block(h)
        return self.decoder_norm(h)

    def read(
        self,
        decoded: torch.Tensor,
        text: torch.Tensor,
        wanted: torch.Tensor,
        grid: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """The cross-attention stage: z of the wanted positions, float32 [n, m, width]."""
        h = self.enter(decoded, wanted, grid)
        for block in self.cross_attn_blocks:
            h = block(h, text)
        return self.cross_norm(h).float()

    def enter(
        self, decoded: torch.Tensor, wanted: torch.Tensor, grid: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """What the cross-attention stage begins with: [n, m, width]."""
        h = decoded.gather(1, wanted[..., None].expand(-1, -1, decoded.shape[-1]))
        return self.last_embed(h) + self._positions(self.last_pos_embed_learned, grid)[wanted]

    def _positions(self, table: torch.Tensor, grid: tuple[int, int] | None) -> torch.Tensor:
        """
        The table's embeddings of a grid's tokens [length, width]; scaled where it isn't the table's own grid.

        The scaled embeddings lie columns first, and are used as if they lay rows first: so the published code
        has it.
        """
        rows, columns = grid or (self.config.side, self.config.side)
        whole = self.config.position_side
        if rows == columns == whole:
            return table[0]
        factors = tuple((side + INTERPOLATE_OFFSET) / whole for side in (columns, rows))
        square = table.view(1, whole, whole, -1).permute(0, 3, 1, 2)
        scaled = F.interpolate(square, scale_factor=factors, mode="bicubic", recompute_scale_factor=False)
        return scaled.permute(0, 2, 3, 1).reshape(rows * columns, -1)

    @torch.no_grad()
    def _initialise(self) -> None:
        """
        As published, but for positions, which start as sinusoids of row and column: a short training would
        else spend its first tenth to find them.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for value in (self.fake_latent, self.mask_token):
            nn.init.normal_(value, std=0.02)
        sinusoids = grid_sinusoids(self.config.position_side, self.config.embed_dim)
        self.encoder_pos_embed_learned[0] = 0.5 * sinusoids
        self.decoder_pos_embed_learned[0] = 0.5 * sinusoids
        # Positions ask the text, and have to be told apart for that.
        self.last_pos_embed_learned[0] = 0.5 * sinusoids + 0.7 * torch.randn_like(sinusoids)


def every(count: int, length: int, device: torch.device) -> torch.Tensor:
    """All positions of each of some pictures: int64 [n, length]."""
    return torch.arange(length, device=device).expand(count, -1)
