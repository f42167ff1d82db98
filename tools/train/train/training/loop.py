"""The training loop."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from .average import Average
from .checkpoint import load_checkpoint, save_checkpoint
from .device import mixed_precision
from .draw import Draw
from .muon import Divide, Muon, Together
from .plan import Plan
from .workers import Exchange

Loss = Callable[[nn.Module, Draw], tuple[torch.Tensor, dict[str, torch.Tensor]]]
"""The loss of one worker's share of one step, and figures for the log (scalars)."""


class TrainingDivergedError(RuntimeError):
    """The loss is no longer a number; the last checkpoint is from before."""


@dataclass(frozen=True)
class Files:
    """Where a training keeps its state."""

    checkpoint: Path
    """Weights, average, optimizer, step, minutes."""

    @property
    def curve(self) -> Path:
        """
        A JSON object a line: step, samples, minutes, rate and the loss's figures, averaged since the line
        before.
        """
        return self.checkpoint.with_suffix(".curve.jsonl")


@dataclass(frozen=True)
class Limits:
    """When to write, and when to stop before the plan's end."""

    deadline: float | None = None
    """`time.time()` at which to save and stop."""
    checkpoint_minutes: float = 3.0
    log_seconds: float = 20.0
    stop_after: int | None = None
    """Save and stop after this step."""


def train(
    model: nn.Module,
    loss: Loss,
    plan: Plan,
    files: Files,
    *,
    settings: dict[str, object],
    device: torch.device,
    limits: Limits | None = None,
    worker: int = 0,
    exchange: Exchange | None = None,
    reduced: bool | None = None,
) -> bool:
    """
    Trains `model` from its checkpoint, or from the weights it has if there is none, and returns whether the
    plan's end is reached. `settings` is stored in the checkpoint, for whoever loads it. `reduced`: whether
    products are in bfloat16, by default where `mixed_precision` says so.

    Resuming is exact on one device: weights, average, optimizer and step come from the checkpoint, and the
    choices of a step depend on seed and step alone.
    """
    limits = limits or Limits()
    # A CPU may be shared: what counts there is the time that this process computes.
    clock = time.process_time if device.type == "cpu" else time.monotonic
    workers = exchange.workers if exchange else 1
    model.to(device).train()
    parameters = list(model.parameters())
    divide = partial(exchange.divide, worker) if exchange else None
    embeddings = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    optimizer = _optimizer(parameters, embeddings, plan, device, divide)
    average = Average(model, plan.average_decay)
    step, minutes = 0, 0.0
    if files.checkpoint.exists():
        saved = load_checkpoint(files.checkpoint)
        model.load_state_dict(saved["weights"])
        average.load(saved["average"])
        # Weights that were unpacked come without: their training begins anew.
        if saved["optimizer"] is not None:
            optimizer.load_state_dict(saved["optimizer"])
        step, minutes = saved["step"], saved["minutes"]

    def save() -> None:
        if not torch.stack([value.detach().sum() for value in parameters]).isfinite().all():
            raise TrainingDivergedError(
                f"Weights are no numbers any more at step {step}: lower the learning rate."
            )
        if worker == 0:
            state = {
                "weights": model.state_dict(),
                "average": average.weights,
                "optimizer": optimizer.state_dict(),
            }
            save_checkpoint(
                files.checkpoint, {**state, "step": step, "minutes": minutes, "settings": settings}
            )

    log = _Log(files.curve, limits.log_seconds, plan) if worker == 0 else None
    last_saved, begun = time.monotonic(), clock() - 60 * minutes
    while True:
        stop = limits.deadline is not None and time.time() >= limits.deadline
        stop = stop or (limits.stop_after is not None and step >= limits.stop_after)
        progress = plan.progress(step, minutes)
        if exchange:
            progress, stop = exchange.agree(worker, progress), bool(exchange.agree(worker, float(stop)))
        if stop or progress >= 1:
            save()
            return progress >= 1

        rate = plan.rate(progress)
        for group in optimizer.param_groups:
            group["lr"] = rate
        draw = Draw(plan.seed, step, worker, workers, device)
        with mixed_precision(device, reduced):
            value, figures = loss(model, draw)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        if exchange:
            exchange.average(worker, parameters)
        norm = nn.utils.clip_grad_norm_(parameters, plan.clip)
        optimizer.step()
        step += 1
        average.update(step)
        minutes = (clock() - begun) / 60

        if log:
            log.add({"loss": value.detach(), **figures, "gradient": norm}, step, minutes, rate)
        if time.monotonic() - last_saved >= 60 * limits.checkpoint_minutes:
            save()
            last_saved = time.monotonic()


def _optimizer(
    parameters: list[nn.Parameter],
    embeddings: list[nn.Parameter],
    plan: Plan,
    device: torch.device,
    divide: Divide | None,
) -> torch.optim.Optimizer:
    # An embedding's rows are independent vectors, of which a step sees a few: no matrix to orthogonalise.
    looked_up = {id(value) for value in embeddings}

    def is_matrix(value: nn.Parameter) -> bool:
        if plan.muon_from is None or id(value) in looked_up:
            return False
        return value.ndim == 2 and min(value.shape) >= plan.muon_from

    matrices = [value for value in parameters if is_matrix(value)]
    others = [value for value in parameters if not is_matrix(value)]
    groups = [
        {"params": [value for value in others if value.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [value for value in others if value.ndim <= 1], "weight_decay": 0.0},
    ]
    fused = {"fused": True} if device.type == "cuda" else {}
    adam = torch.optim.AdamW(groups, lr=plan.learning_rate, betas=plan.betas, **fused)
    if not matrices:
        return adam
    shared = {"divide": divide} if divide else {}
    muon = Muon(matrices, lr=plan.learning_rate, weight_decay=plan.weight_decay, **shared)
    return Together([adam, muon])


class _Log:
    """Averages figures and writes them out every few seconds; figures stay on their device until then."""

    def __init__(self, curve: Path, seconds: float, plan: Plan) -> None:
        self._curve = curve
        self._seconds = seconds
        self._plan = plan
        self._sums: dict[str, torch.Tensor] = {}
        self._count = 0
        self._written = time.monotonic()

    def add(self, figures: dict[str, torch.Tensor], step: int, minutes: float, rate: float) -> bool:
        """Takes one step's figures; returns whether a line was written."""
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        now = time.monotonic()
        if now - self._written < self._seconds:
            return False
        means = {name: float(value) / self._count for name, value in self._sums.items()}
        if not math.isfinite(means["loss"]):
            raise TrainingDivergedError(
                f"The loss is {means['loss']} at step {step}. Lower the learning rate and resume."
            )
        pace = self._count * self._plan.batch / (now - self._written)
        line = {
            "step": step,
            "samples": step * self._plan.batch,
            "minutes": round(minutes, 3),
            "rate": rate,
            "pace": round(pace, 2),
        }
        line.update({name: round(value, 5) for name, value in means.items()})
        self._curve.parent.mkdir(parents=True, exist_ok=True)
        with self._curve.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(" ".join(f"{name} {value:.6g}" for name, value in line.items()), flush=True)
        self._sums, self._count, self._written = {}, 0, now
        return True
