"""Renders the training and the held-out pictures."""

from __future__ import annotations

import os

import numpy as np

from ..pictures import render_data_set
from ..render import CLASS_NAMES
from ..sheet import save_sheet
from ..workplace import HELD_OUT_COUNT, HELD_OUT_SEED, TRAIN_COUNT, TRAIN_SEED, Workplace


def render_pictures(place: Workplace) -> None:
    """Writes both data sets, on all processors, and a sheet with twelve pictures of every class."""
    processes = os.cpu_count() or 1
    render_data_set(place.held_out_pictures, HELD_OUT_SEED, HELD_OUT_COUNT, processes)
    render_data_set(place.training_pictures, TRAIN_SEED, TRAIN_COUNT, processes)
    pixels = np.load(place.held_out_pictures, mmap_mode="r")
    save_by_class(pixels[: 12 * len(CLASS_NAMES)], place, "renders")


def save_by_class(pixels: np.ndarray, place: Workplace, name: str) -> None:
    """A sheet with a row a class, from pictures whose classes follow one another in turn."""
    classes = len(CLASS_NAMES)
    rows = np.concatenate([pixels[label::classes] for label in range(classes)])
    save_sheet(rows, len(pixels) // classes, place.sheets / f"{name}.png")
