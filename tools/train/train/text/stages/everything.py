"""All of the text model's stages in turn."""

from __future__ import annotations

from ...mar.sample import Sampling
from ...stages.autoencoder import train_autoencoder
from ...training.device import is_faster_reduced
from ..place import AUTOENCODER, AUTOENCODER_RATE, TextPlace
from .judging import score, train_scene_judge
from .latents import prepare_latents
from .mar import train_text_model, validate_text_model
from .packing import pack
from .rendering import render_pictures
from .sampling import SHOWN, draw_texts

_PROMPTS = 48
_PICTURES = 240


def run_everything(place: TextPlace, autoencoder_minutes: float, steps: int | None) -> None:
    """Goes on with the first stage that is incomplete, and with those after it."""
    render_pictures(place)
    reduced = is_faster_reduced(place.device)
    if not train_autoencoder(place, autoencoder_minutes, AUTOENCODER, reduced, AUTOENCODER_RATE):
        return
    prepare_latents(place)
    if not train_text_model(place, steps):
        return
    if not train_scene_judge(place):
        return
    validate_text_model(place)
    pack(place)
    draw_texts(place, SHOWN, Sampling(32, 25), "samples")
    score(place, _PROMPTS, _PICTURES, Sampling(32, 25))
