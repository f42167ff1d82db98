"""Trains the judge and lets it judge."""

from __future__ import annotations

import numpy as np
import torch

from ..judge.model import Judge
from ..judge.report import compare, judge_pictures, reliability
from ..judge.training import JudgeLoss
from ..pictures import PictureBatches, labels_of, to_pixels, to_tensor
from ..render import CLASS_NAMES
from ..safetensors import write_safetensors
from ..training.checkpoint import load_average, load_checkpoint
from ..training.loop import Files, train
from ..training.plan import Plan
from ..workplace import Workplace

_STEPS = 6_000
_RELIABILITY_PICTURES = 1_200


def train_judge(place: Workplace, minutes: float | None = None) -> bool:
    """
    Trains for `minutes` (by default 6,000 steps) and reports how often it is right; returns whether it is
    done.
    """
    plan = Plan(
        batch=192 if place.device.type == "cuda" else 48,
        learning_rate=2e-3,
        steps=_STEPS if minutes is None else None,
        minutes=minutes,
        weight_decay=0.01,
        average_decay=0.99,
        seed=place.seed,
    )
    torch.manual_seed(place.seed)
    judge = Judge(len(CLASS_NAMES))
    done = train(
        judge,
        JudgeLoss(PictureBatches(place.training_pictures, place.device), plan.batch),
        plan,
        Files(place.judge),
        settings={"classes": len(CLASS_NAMES)},
        device=place.device,
        limits=place.limits(),
    )
    pixels = np.load(place.held_out_pictures, mmap_mode="r")[:_RELIABILITY_PICTURES]
    judge = load_judge(place)
    steps = load_checkpoint(place.judge)["step"]
    place.report(
        "judge",
        {**reliability(judge, pixels, place.seed), "steps": steps, "samples": steps * plan.batch},
    )
    write_safetensors(place.model / "judge.safetensors", judge.state_dict(), torch.float32)
    return done


def load_judge(place: Workplace) -> Judge:
    """The judge as averaged up to its last checkpoint, on the device."""
    saved = load_checkpoint(place.judge)
    judge = Judge(saved["settings"]["classes"])
    load_average(judge, saved)
    return judge.to(place.device).eval()


@torch.no_grad()
def judge_samples(place: Workplace) -> None:
    """Reports on the pictures drawn, and on as many reconstructions, against held-out renders."""
    judge, autoencoder = load_judge(place), place.load_autoencoder()
    held_out = np.load(place.held_out_pictures, mmap_mode="r")
    real = judge_pictures(judge, to_tensor(held_out)).features
    pixels = np.load(place.samples)
    labels = labels_of(len(pixels))
    place.report("samples", compare(judge, pixels, labels, real))
    pictures = to_tensor(held_out[: len(pixels)], place.device)
    rebuilt = [to_pixels(autoencoder.decode(autoencoder.encode(part)[0])) for part in pictures.split(100)]
    place.report("reconstructions", compare(judge, np.concatenate(rebuilt), labels, real))
