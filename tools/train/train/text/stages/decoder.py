"""Trains the autoencoder's decoder further while its latents, and a text model that draws them, stay as they are."""

from __future__ import annotations

from ...autoencoder.model import Autoencoder
from ...autoencoder.training import AutoencoderLoss
from ...pictures import PictureBatches
from ...stages.autoencoder import report_autoencoder
from ...training.checkpoint import load_checkpoint, save_checkpoint
from ...training.loop import Files, train
from ...training.plan import Plan
from ...training.workers import Exchange, run_workers
from ...workplace import autoencoder_config
from ..place import AUTOENCODER_RATE, TextPlace

_BATCH = 16
_FROZEN = ("encoder.", "quant_conv.")
"""What makes latents."""


def train_decoder(place: TextPlace, minutes: float, reduced: bool) -> bool:
    """
    Trains the finished autoencoder's decoder for `minutes`, reports dB, and puts it in the old one's place; returns
    whether it is done. `reduced` says whether to train in bfloat16 products.

    @raises OptionError where the workers can't share a batch
    """
    plan = Plan(
        batch=_BATCH,
        learning_rate=AUTOENCODER_RATE,
        minutes=minutes,
        betas=(0.9, 0.99),
        average_decay=0.998,
        seed=place.seed,
    )
    workers = place.workers_for(plan.batch)
    parameters = sum(value.numel() for value in place.load_autoencoder().parameters())
    run_workers(workers, parameters, _train_share, place, plan, reduced)
    saved = load_checkpoint(place.decoder_training)
    if plan.progress(saved["step"], saved["minutes"]) < 1:
        return False
    model = Autoencoder(autoencoder_config(saved["settings"]))
    # An average of equal weights differs from them in the last bit.
    average = {name: value for name, value in saved["average"].items() if not name.startswith(_FROZEN)}
    model.load_state_dict({**saved["weights"], **average})
    model.to(place.device).eval()
    report_autoencoder(model, place, saved["step"], saved["minutes"])
    save_checkpoint(place.autoencoder, {"weights": model.state_dict(), "settings": saved["settings"]})
    return True


def _train_share(
    worker: int, exchange: Exchange | None, place: TextPlace, plan: Plan, reduced: bool
) -> None:
    model = place.load_autoencoder()
    for name, value in model.named_parameters():
        value.requires_grad_(not name.startswith(_FROZEN))
    train(
        model,
        AutoencoderLoss(PictureBatches(place.training_pictures, place.device), plan.batch),
        plan,
        Files(place.decoder_training),
        settings=model.config.to_settings(),
        device=place.device,
        limits=place.limits(),
        worker=worker,
        exchange=exchange,
        reduced=reduced,
    )
