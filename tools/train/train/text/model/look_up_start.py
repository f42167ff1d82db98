"""Weights of the cross-attention stage to begin with: those by which a position looks up the part that stands there."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..scene.scene import corners_of
from ..scene.sprites import SIZES
from .model import TextModel
from .parts import PART_PLACES, PARTS, PARTS_OF_A_PAIR, TOKEN

_SHARPNESS = 128.0
"""Of the scores: a part that matches weighs up to e^(128 ÷ √64) times as much as one that doesn't."""
_SHARE = 0.6
"""Norm of what a head adds, of that of a part."""
_RIDGE = 1e-3

Places = dict[tuple[int, int], int]
"""Parts, counted among all rows of parts, by the row and column of the position that looks them up."""


def _looked_up() -> list[Places]:
    """
    What the heads look up: of each size and slot the parts of a thing wherever scenes have one, in as many heads as
    are needed for each position to ask for one part alone.
    """
    found: list[Places] = []
    for size in SIZES:
        for slot in range(2):
            heads: list[Places] = []
            for corner in corners_of(size, slot):
                places = _places(size, slot, corner)
                free = next((head for head in heads if not head.keys() & places.keys()), None)
                if free is None:
                    heads.append(places)
                else:
                    free.update(places)
            found += heads
    return sorted(found, key=len, reverse=True)


def _places(size: str, slot: int, corner: tuple[int, int]) -> Places:
    of_size = [part for part, (name, _, _) in enumerate(PART_PLACES) if name == size]
    left, top = (each // TOKEN for each in corner)
    tokens = SIZES[size] // TOKEN
    return {
        (top + index // tokens, left + index % tokens): slot * PARTS + part
        for index, part in enumerate(of_size)
    }


@torch.no_grad()
def start_look_up(
    model: TextModel, pieces: torch.Tensor, entries: torch.Tensor, tokens: torch.Tensor
) -> None:
    """
    Sets heads of the first blocks so that each position attends to the part of the memory that stands there in one of
    the orders that scenes have, and adds its numbers to the stream. Queries, keys and values are fitted by least
    squares to what reaches the block. Which of the heads is meant is left to training: without them, no gradient
    tells a position which of 72 parts is its own, and 18,000 samples taught it none.

    @param pieces: word pieces of captions, int64 [n, length]
    @param entries: of their slots, int64 [n, slots]
    @param tokens: of their pictures [n, length, channels]; half of each, by chance, is known
    """
    encoder, mar = model.text_encoder, model.mar
    count, length = tokens.shape[:2]
    side, words = mar.config.side, encoder.config.max_length
    text, _ = model.told_text(pieces, entries)
    known = torch.rand(count, length).argsort(1)[:, : length // 2]
    everywhere = torch.arange(length).expand(count, length)
    parts = encoder.memory(entries).unflatten(2, (-1, encoder.config.part_channels))
    # As the rows of the text follow one another: those of the words, of the first slot, and of the second.
    contents = torch.cat([parts[:, 0], parts[:, 1, :PARTS_OF_A_PAIR]], dim=1)
    contents = F.pad(contents, (0, 0, words, 0)).flatten(0, 1)

    stream = mar.enter(mar.decode(tokens, known), everywhere)
    waiting = _looked_up()
    for stage in mar.cross_attn_blocks:
        queries, rows = stage.normq(stream).flatten(0, 1), stage.normkv(text).flatten(0, 1)
        width = queries.shape[1] // stage.attn.heads
        here, waiting = waiting[: stage.attn.heads], waiting[stage.attn.heads :]
        for head, places in enumerate(here):
            own = slice(head * width, (head + 1) * width)
            asked = torch.zeros(side, side, width)
            named = torch.zeros(text.shape[1], width)
            numbers = {part: number for number, part in enumerate(sorted(set(places.values())))}
            for (row, column), part in places.items():
                asked[row, column, numbers[part]] = _SHARPNESS
                named[words + part, numbers[part]] = 1
            _fit(stage.attn.query_linear, own, queries, asked.flatten(0, 1).repeat(count, 1))
            # Keys, and below all of them values.
            _fit(stage.attn.kv, own, rows, named.repeat(count, 1))
            values = slice(own.start + queries.shape[1], own.stop + queries.shape[1])
            _fit(stage.attn.kv, values, rows, F.pad(contents, (0, width - contents.shape[1])))
            stage.attn.proj.weight[:, own] = _SHARE * torch.linalg.qr(torch.randn(queries.shape[1], width))[0]
        stream = stage(stream, text)


def _fit(layer: torch.nn.Linear, outputs: slice, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Sets some outputs of a layer to the least squares of targets [n, outputs] by inputs [n, inputs]."""
    rows = F.pad(inputs, (0, 1), value=1.0).double()
    square = rows.T @ rows
    square.diagonal().add_(_RIDGE * len(rows))
    solution = torch.linalg.solve(square, rows.T @ targets.double()).float()
    layer.weight[outputs], layer.bias[outputs] = solution[:-1].T, solution[-1]
