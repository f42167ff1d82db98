"""Trains the text model."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import torch

from ...stages.validating import SHARES, loss_by_share
from ...training.checkpoint import load_checkpoint, save_checkpoint
from ...training.device import is_faster_reduced
from ...training.loop import Files, train
from ...training.plan import Plan
from ...training.workers import Exchange, run_workers
from ..latents import encode_scenes, to_tokens
from ..model.config import TextEncoderConfig
from ..model.look_up_start import start_look_up
from ..model.parts import parts_of_things
from ..model.word_pieces import WordPieces
from ..pictures import sprites_of
from ..place import TextPlace, text_model, text_sizes
from ..scene.captions import grammar_words
from ..training import TextLoss, read_captions

BATCH = 48
STEPS = 10_000
_TARGETS = 2
_HOLD = 0.65
_FITTED = 400
"""Scenes by which the look-up is fitted."""


def train_text_model(place: TextPlace, steps: int | None = None) -> bool:
    """
    Trains for `steps` (by default 10,000); returns whether it is done. The rate stays at its peak for the first
    0.65 of them, so that up to there the length can still be changed.

    @raises OptionError where the workers can't share a batch
    """
    plan = Plan(
        batch=BATCH,
        learning_rate=1e-3,
        steps=steps or STEPS,
        warmup=0.01,
        hold=_HOLD,
        betas=(0.9, 0.98),
        weight_decay=0.02,
        # All but those that tokens enter or leave by.
        muon_from=128,
        average_decay=0.998,
        seed=place.seed,
    )
    workers = place.workers_for(plan.batch)
    if not place.tokenizer.exists():
        WordPieces.of_words(grammar_words(), TextEncoderConfig.max_length).save(place.tokenizer)
    encoder, mar = text_sizes(place.load_word_pieces())
    settings = {"text_encoder": asdict(encoder), "mar": asdict(mar)}
    if not place.mar.exists():
        begin_text_model(place, settings)
    parameters = sum(value.numel() for value in text_model(settings).parameters())
    reduced = is_faster_reduced(place.device)
    run_workers(workers, parameters, _train_share, place, plan, settings, reduced)
    saved = load_checkpoint(place.mar)
    place.report(
        "mar",
        {
            "parameters": parameters,
            "steps": saved["step"],
            "samples": saved["step"] * plan.batch,
            "minutes": round(saved["minutes"], 1),
        },
    )
    return plan.progress(saved["step"], saved["minutes"]) >= 1


def begin_text_model(place: TextPlace, settings: dict[str, dict[str, object]]) -> None:
    """Writes a checkpoint of a new model, whose memory holds the tokens of the things, and which looks them up."""
    torch.manual_seed(place.seed)
    model = text_model(settings)
    patch = model.mar.config.patch_size
    parts = parts_of_things(place.load_autoencoder().cpu(), sprites_of(place.packages), patch)
    model.text_encoder.set_memory(parts)
    latents, indices = place.load_latents(), np.arange(_FITTED)
    scenes = latents.scenes(indices)
    tokens = to_tokens(latents.latents(indices, scenes), patch)
    slots = len(model.text_encoder.config.parts)
    pieces, entries = read_captions(
        place.captions(), place.load_word_pieces(), scenes, indices.tolist(), slots
    )
    start_look_up(model, pieces, entries, tokens)
    weights = model.state_dict()
    begun = {"weights": weights, "average": weights, "optimizer": None, "step": 0, "minutes": 0.0}
    save_checkpoint(place.mar, {**begun, "settings": settings})


def _train_share(
    worker: int,
    exchange: Exchange | None,
    place: TextPlace,
    plan: Plan,
    settings: dict[str, dict[str, object]],
    reduced: bool,
) -> None:
    model = text_model(settings)
    loss = TextLoss(
        place.load_latents(), place.captions(), place.load_word_pieces(), plan.batch, _TARGETS
    )
    train(
        model,
        loss,
        plan,
        Files(place.mar),
        settings=dict(settings),
        device=place.device,
        limits=place.limits(),
        worker=worker,
        exchange=exchange,
        reduced=reduced,
    )


@torch.no_grad()
def validate_text_model(place: TextPlace, count: int = 240) -> None:
    """
    Reports the loss of ε in `count` pictures of held-out combinations, plainly captioned, by the share of their
    tokens that is masked, and adds it to a file, a line for each state of the model.
    """
    model, pieces = place.load_text_model(), place.load_word_pieces()
    pixels = np.load(place.held_out_pictures, mmap_mode="r")[:count]
    with place.held_out_pictures.with_suffix(".jsonl").open() as file:
        captions = [json.loads(line)["caption"] for line, _ in zip(file, range(count))]
    autoencoder = place.load_autoencoder()
    parts = np.array_split(pixels, math.ceil(count / 16))
    latents = torch.cat([encode_scenes(autoencoder, part) for part in parts])
    tokens = to_tokens(latents, model.mar.config.patch_size)
    rows = torch.tensor([pieces.encode(caption) for caption in captions], device=place.device)
    tokens = tokens.to(place.device)
    reduced = is_faster_reduced(place.device)
    figures: dict[str, object] = {"samples": load_checkpoint(place.mar)["step"] * BATCH, "pictures": count}
    for name, condition in (
        ("epsilon", lambda chosen: model.text(rows[chosen])),
        ("without text", lambda chosen: model.mar.no_text(len(chosen))),
    ):
        figures[name] = loss_by_share(model.mar, tokens, condition, SHARES, reduced)
    with place.validation.open("a") as file:
        file.write(json.dumps(figures) + "\n")
    place.report("validation", figures)
