"""Pictures from captions."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..mar.sample import Sampling, sample_tokens
from .model.model import TextModel
from .model.word_pieces import WordPieces


@torch.no_grad()
def sample_texts(
    model: TextModel, pieces: WordPieces, captions: Sequence[str], sampling: Sampling, seed: int
) -> torch.Tensor:
    """Tokens of one picture a caption: float32 [n, length, channels]."""
    count, mar = len(captions), model.mar
    device = mar.mask_token.device
    rows = torch.tensor([pieces.encode(caption) for caption in captions], device=device)
    texts = torch.cat([model.text(rows), mar.no_text(count)])

    def conditions(tokens: torch.Tensor, known: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        # What doesn't see the text is computed once for both.
        decoded = mar.decode(tokens, known).repeat(2, 1, 1)
        return mar.read(decoded, texts, chosen.repeat(2, 1))

    shape = count, mar.config.length, mar.config.vae_embed_dim
    return sample_tokens(mar.diffloss.net, conditions, shape, sampling, seed, device)
