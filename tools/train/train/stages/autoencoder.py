"""Trains the autoencoder."""

from __future__ import annotations

import numpy as np
import torch

from ..autoencoder.config import AutoencoderConfig
from ..autoencoder.linear_start import start_linear
from ..autoencoder.model import Autoencoder
from ..autoencoder.normalise import normalise
from ..autoencoder.training import AutoencoderLoss
from ..pictures import PictureBatches, signal_to_noise, to_pixels, to_tensor
from ..sheet import save_sheet
from ..training.checkpoint import load_average, load_checkpoint, save_checkpoint
from ..training.loop import Files, train
from ..training.plan import Plan
from ..training.workers import Exchange, run_workers
from ..workplace import Workplace, autoencoder_config

_STEPS = 40_000
_PICTURES_FOR_STATISTICS = 2_400
_SMALLEST_BLOCK = 48
_PICTURES_JUDGED = 1_200
_NOISE = (0.0, 0.1, 0.2, 0.3)


def train_autoencoder(
    place: Workplace,
    minutes: float | None = None,
    config: AutoencoderConfig | None = None,
    reduced: bool | None = None,
    learning_rate: float = 5e-4,
) -> bool:
    """
    Trains for `minutes` (by default 40,000 steps), normalises the latents and reports dB; returns whether it
    is done. `reduced` says whether to train in bfloat16 products, `learning_rate` is the peak.

    @raises OptionError where the workers can't share a batch
    """
    config = config or AutoencoderConfig()
    if place.autoencoder.exists():
        return True
    plan = Plan(
        batch=64 if place.device.type == "cuda" else 16,
        learning_rate=learning_rate,
        steps=_STEPS if minutes is None else None,
        minutes=minutes,
        betas=(0.9, 0.99),
        average_decay=0.998,
        seed=place.seed,
    )
    workers = place.workers_for(plan.batch)
    torch.manual_seed(place.seed)
    parameters = sum(value.numel() for value in Autoencoder(config).parameters())
    run_workers(workers, parameters, _train_share, place, plan, config, reduced)
    saved = load_checkpoint(place.autoencoder_training)
    if plan.progress(saved["step"], saved["minutes"]) < 1:
        return False
    _finish(place, saved)
    return True


def _train_share(
    worker: int,
    exchange: Exchange | None,
    place: Workplace,
    plan: Plan,
    config: AutoencoderConfig,
    reduced: bool | None,
) -> None:
    torch.manual_seed(plan.seed)
    model = Autoencoder(config)
    if not place.autoencoder_training.exists():
        # Components of larger blocks cost more and need no more pictures: as many numbers as of 4×4 pixels.
        count = _PICTURES_FOR_STATISTICS * _SMALLEST_BLOCK // config.colours
        start_linear(model, to_tensor(np.load(place.training_pictures, mmap_mode="r")[:count]))
    loss = AutoencoderLoss(PictureBatches(place.training_pictures, place.device), plan.batch)
    train(
        model,
        loss,
        plan,
        Files(place.autoencoder_training),
        settings=config.to_settings(),
        device=place.device,
        limits=place.limits(),
        worker=worker,
        exchange=exchange,
        reduced=reduced,
    )


def _finish(place: Workplace, saved: dict) -> None:
    model = Autoencoder(autoencoder_config(saved["settings"]))
    load_average(model, saved)
    model.to(place.device).eval()
    pixels = np.load(place.training_pictures, mmap_mode="r")[:_PICTURES_FOR_STATISTICS]
    normalise(model, to_tensor(pixels, place.device))
    report_autoencoder(model, place, saved["step"], saved["minutes"])
    save_checkpoint(place.autoencoder, {"weights": model.state_dict(), "settings": saved["settings"]})


@torch.no_grad()
def report_autoencoder(model: Autoencoder, place: Workplace, steps: int, minutes: float) -> None:
    """
    Reports dB on held-out pictures, with and without noise on the latents, and draws renders beside
    reconstructions.
    """
    pixels = np.load(place.held_out_pictures, mmap_mode="r")[:_PICTURES_JUDGED]
    pictures = to_tensor(pixels, place.device)
    generator = torch.Generator(device=place.device).manual_seed(0)
    means, log_variances = zip(*(model.encode(part) for part in pictures.split(100)))
    mean, log_variance = torch.cat(means), torch.cat(log_variances)
    decibels = {}
    for level in _NOISE:
        noise = level * torch.randn(mean.shape, generator=generator, device=place.device)
        decoded = torch.cat([model.decode(part) for part in (mean + noise).split(100)])
        decibels[f"noise {level}"] = round(signal_to_noise(decoded, pictures), 2)
        if level == 0:
            pairs = np.stack([pixels[:48], to_pixels(decoded[:48])], axis=1)
            save_sheet(
                pairs.reshape(-1, *pixels.shape[1:]), 12, place.sheets / "reconstructions.png", scale=2
            )
    place.report(
        "autoencoder",
        {
            "decibels": decibels,
            "latent_deviation": round(float((0.5 * log_variance).exp().mean()), 4),
            "steps": steps,
            "minutes": round(minutes, 1),
        },
    )
