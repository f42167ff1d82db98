"""All stages in turn."""

from __future__ import annotations

from ..mar.sample import Sampling
from ..workplace import Workplace
from .autoencoder import train_autoencoder
from .judging import judge_samples, train_judge
from .latents import compute_latents
from .mar import train_mar
from .packing import pack
from .rendering import render_pictures
from .sampling import draw_samples

# Shares of a call's minutes; the MAR model gets what the others leave.
_AUTOENCODER_SHARE = 0.16
_JUDGE_SHARE = 0.07
_CLOSING_SHARE = 0.1


def run_everything(place: Workplace, minutes: float | None, mar_minutes: float | None, size: str) -> None:
    """
    Renders, trains, draws, judges and packs; within `minutes` if given, else each training for its default of
    steps.

    A call that finds work of an earlier one goes on with it. `mar_minutes` sets the MAR model's training to
    last longer than this call, which then ends in the midst of it, packing what there is.
    """
    render_pictures(place)
    if not train_autoencoder(place, None if minutes is None else _AUTOENCODER_SHARE * minutes):
        return
    compute_latents(place)
    train_judge(place, None if minutes is None else _JUDGE_SHARE * minutes)
    remaining = place.remaining_minutes()
    if minutes is not None and remaining is not None:
        closing = _CLOSING_SHARE * minutes
        place = place.with_earlier_deadline(closing)
        mar_minutes = mar_minutes or max(0.1, remaining - closing)
    train_mar(place, size, mar_minutes)
    on_gpu = place.device.type == "cuda"
    # Packed before the pictures are drawn, lest a call that is cut off leaves nothing.
    pack(place)
    draw_samples(place, 1_200 if on_gpu else 144, Sampling(64, 50) if on_gpu else Sampling(32, 25))
    judge_samples(place)
