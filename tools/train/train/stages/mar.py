"""Trains the MAR model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from ..latents import LatentBatches
from ..mar.compiled import compile_mar
from ..mar.config import MAR_SIZES, MarConfig
from ..mar.model import Mar
from ..mar.training import MarLoss
from ..safetensors import read_safetensors
from ..training.checkpoint import load_checkpoint, load_fitting
from ..training.device import has_bfloat16_units
from ..training.loop import Files, train
from ..training.plan import Plan
from ..training.workers import Exchange, run_workers
from ..workplace import Workplace

_STEPS = 100_000


def train_mar(
    place: Workplace,
    size: str = "tiny",
    minutes: float | None = None,
    steps: int | None = None,
    targets: int | None = None,
    start: Path | None = None,
) -> bool:
    """
    Trains for `minutes`, or `steps` (by default 100,000); returns whether it is done.

    `targets` are the timesteps at which the head sees a token: by default 4, as published, on a GPU or a CPU
    with AMX, and 2 on another CPU, where 4 cost a third of the pace. `start` is a file whose weights a new
    training begins with where name and shape agree: a transformer learnt on another autoencoder's tokens is
    worth much on these. A training that goes on has its own weights, and says that it doesn't read the file.

    @raises OptionError where the workers can't share a batch
    """
    on_gpu = place.device.type == "cuda"
    plan = Plan(
        batch=256 if on_gpu else 32,
        learning_rate=1.2e-3 if on_gpu else 1e-3,
        steps=steps or (_STEPS if minutes is None else None),
        minutes=minutes,
        betas=(0.9, 0.98),
        weight_decay=0.02,
        # All but those that tokens enter or leave by.
        muon_from=128,
        average_decay=0.9995 if on_gpu else 0.999,
        seed=place.seed,
    )
    config = MAR_SIZES[size]
    if targets is None:
        targets = 4 if on_gpu or has_bfloat16_units(place.device) else 2
    workers = place.workers_for(plan.batch)
    if start is not None and place.mar.exists():
        note = f"{place.mar} goes on with its own weights; {start} is for a new training and not read"
        print(note, flush=True)
        start = None
    parameters = sum(value.numel() for value in Mar(config).parameters())
    run_workers(workers, parameters, _train_share, place, plan, config, targets, start)
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


def _train_share(
    worker: int,
    exchange: Exchange | None,
    place: Workplace,
    plan: Plan,
    config: MarConfig,
    targets: int,
    start: Path | None,
) -> None:
    torch.manual_seed(plan.seed)
    model = Mar(config)
    if start is not None:
        taken = load_fitting(model, read_safetensors(start))
        if worker == 0:
            print(f"{len(taken)} of {len(model.state_dict())} tensors begin as in {start}", flush=True)
    if has_bfloat16_units(place.device):
        compile_mar(model)
    loss = MarLoss(LatentBatches(place.latents, place.device), plan.batch, targets)
    train(
        model,
        loss,
        plan,
        Files(place.mar),
        settings=asdict(config),
        device=place.device,
        limits=place.limits(),
        worker=worker,
        exchange=exchange,
    )
