"""Fetches the emoji and renders the scenes that the autoencoder learns and is judged by."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import numpy as np

from ...pictures import render_data_set
from ...sheet import save_sheet
from ..pictures import render_scenes
from ..place import HELD_OUT_COUNT, HELD_OUT_SCENE_SEED, SCENE_SEED, TRAIN_COUNT, TextPlace
from ..scene.backgrounds import SIDE

_MANIFEST = Path(__file__).resolve().parents[3] / "data-packages.json"
_SHOWN = 96


def fetch(place: TextPlace) -> None:
    """
    Installs the packages that hold the emoji and their names, by npm, into the workplace; scripts of theirs
    are not run.
    """
    names = json.loads(_MANIFEST.read_text())["devDependencies"]
    if all((place.packages / name / "package.json").exists() for name in names):
        return
    place.npm.mkdir(parents=True, exist_ok=True)
    shutil.copy(_MANIFEST, place.npm / "package.json")
    # emojibase-data names a peer that only its own tools need.
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"],
        cwd=place.npm,
        check=True,
    )


def render_pictures(place: TextPlace) -> None:
    """Writes the autoencoder's pictures and those with held-out combinations, and a sheet of the latter."""
    fetch(place)
    processes = min(place.workers, os.cpu_count() or 1)
    for path, seed, count, held_out in (
        (place.held_out_pictures, HELD_OUT_SCENE_SEED, HELD_OUT_COUNT, True),
        (place.training_pictures, SCENE_SEED, TRAIN_COUNT, False),
    ):
        render_data_set(path, seed, count, processes, SIDE, partial(render_scenes, place.packages, held_out))
    pixels = np.load(place.held_out_pictures, mmap_mode="r")
    save_sheet(pixels[:_SHOWN], 12, place.sheets / "renders.png")
