"""What the judge says of sets of pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..pictures import labels_of, to_tensor
from ..training.draw import Draw
from .damage import DAMAGES, damage
from .distance import frechet_distance, kernel_distance
from .model import Judge


class Judged(NamedTuple):
    """Judgements of n pictures as arrays."""

    features: np.ndarray
    """float32 [n, 128]."""
    classes: np.ndarray
    """int64 [n]: the likeliest."""
    damages: np.ndarray
    """int64 [n]: the likeliest."""


@torch.no_grad()
def judge_pictures(judge: Judge, pictures: torch.Tensor) -> Judged:
    """Judges pictures [n, 3, 64, 64] in −1..1."""
    device = next(judge.parameters()).device
    judge.eval()
    parts = [judge(part.to(device)) for part in pictures.split(200)]
    return Judged(
        torch.cat([part.features for part in parts]).float().cpu().numpy(),
        torch.cat([part.classes for part in parts]).argmax(1).cpu().numpy(),
        torch.cat([part.damages for part in parts]).argmax(1).cpu().numpy(),
    )


def reliability(judge: Judge, pixels: np.ndarray, seed: int) -> dict[str, object]:
    """
    How often the judge is right on held-out pictures uint8 [n, 64, 64, 3], intact and with every kind of
    damage.
    """
    pictures = to_tensor(pixels)
    labels = labels_of(len(pixels))
    intact = judge_pictures(judge, pictures)
    draw = Draw(seed, 0, 0, 1, pictures.device)
    order = torch.from_numpy(np.argsort(labels, kind="stable"))
    right: dict[str, float] = {"none": float((intact.damages == 0).mean())}
    for kind, name in enumerate(DAMAGES[1:], start=1):
        damaged, _ = damage(pictures[order], torch.full((len(pixels),), kind), draw)
        right[name] = float((judge_pictures(judge, damaged).damages == kind).mean())
    return {"class": float((intact.classes == labels).mean()), "damages": right}


def compare(judge: Judge, pixels: np.ndarray, labels: np.ndarray, real: np.ndarray) -> dict[str, object]:
    """
    Pictures of known classes against real features float32 [m, 128]: distances, class accuracy, share of
    every kind of damage, and the distance between equally many real pictures and the rest, which is the
    floor. m must be more than n by some hundreds.
    """
    judged = judge_pictures(judge, to_tensor(pixels))
    count = len(pixels)
    return {
        "pictures": count,
        "frechet": frechet_distance(judged.features, real[count:]),
        "frechet_floor": frechet_distance(real[:count], real[count:]),
        "kernel": kernel_distance(judged.features, real[count:]),
        "kernel_floor": kernel_distance(real[:count], real[count:]),
        "class": float((judged.classes == labels).mean()),
        "damages": {name: float((judged.damages == kind).mean()) for kind, name in enumerate(DAMAGES)},
    }
