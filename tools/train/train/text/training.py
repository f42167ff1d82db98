"""Training of the text model on scenes with captions."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..mar.training import hidden_loss, masked_count
from ..training.draw import Draw
from .latents import SceneLatents, to_tokens
from .model.model import TextModel
from .model.word_pieces import WordPieces
from .scene.captions import Captions
from .scene.scene import Scene

_DROPPED_TEXTS = 0.1
_ENTRY_WEIGHT = 0.02
_BROKEN_CAPTIONS, _BROKEN_WORDS = 0.1, 0.3


class TextLoss:
    """The loss of tokens hidden at random, given the others and, nine times out of ten, a caption."""

    def __init__(
        self, latents: SceneLatents, captions: Captions, pieces: WordPieces, batch: int, targets: int
    ) -> None:
        """`targets`: timesteps at which the head sees each hidden token."""
        self._latents = latents
        self._captions = captions
        self._pieces = pieces
        self._batch = batch
        self._targets = targets

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, TextModel)
        indices = draw.samples(self._batch, self._latents.size)
        scenes = self._latents.scenes(indices)
        latents = self._latents.latents(indices, scenes).to(draw.device)
        tokens = to_tokens(latents, model.mar.config.patch_size)
        seeds = draw.integers(2**31, len(indices)).tolist()
        slots = len(model.text_encoder.config.parts)
        pieces, entries = read_captions(self._captions, self._pieces, scenes, seeds, slots)
        entries = entries.to(draw.device)
        text, scores = model.told_text(pieces.to(draw.device), entries)
        dropped = draw.uniform(len(tokens), 1, 1) < _DROPPED_TEXTS
        condition = torch.where(dropped, model.mar.no_text(len(tokens)).to(text.dtype), text)
        loss, figures = hidden_loss(
            model.mar, tokens, condition, masked_count(tokens.shape[1], draw.shared), self._targets, draw
        )
        mistaken = F.cross_entropy(scores.float().flatten(0, 1), entries.flatten())
        right = (scores.argmax(2) == entries).all(1).float().mean()
        return loss + _ENTRY_WEIGHT * mistaken, {**figures, "entries": right}


def read_captions(
    captions: Captions, pieces: WordPieces, scenes: list[Scene], seeds: list[int], slots: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Word pieces of captions that the seeds choose, int64 [n, length], and the memory's entries of the things in the
    order in which they are named, int64 [n, slots].
    """
    rows, entries = [], []
    for scene, seed in zip(scenes, seeds):
        rng = Random(seed)
        caption = captions.varied(scene, rng)
        broken = _BROKEN_WORDS if rng.random() < _BROKEN_CAPTIONS else 0.0
        rows.append(pieces.encode(caption.text, rng, broken))
        named = [1 + thing for thing in caption.things]
        entries.append(named + [0] * (slots - len(named)))
    return torch.from_numpy(np.array(rows, np.int64)), torch.from_numpy(np.array(entries, np.int64))
