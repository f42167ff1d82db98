"""Packs the trained models for the converter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from ..autoencoder.model import Autoencoder
from ..mar.model import Mar
from ..mar.sample import Sampling
from ..render import CLASS_NAMES
from ..safetensors import write_safetensors
from ..training.checkpoint import complete_file
from ..workplace import Workplace


def pack(place: Workplace) -> None:
    """
    Writes `model/`: `mar.safetensors` and `vae.safetensors` (float16, the published code's key names) with
    `config.json`.
    """
    write_model(place.model, place.load_mar(), place.load_autoencoder(), place.load_limits())
    sizes = {path.name: path.stat().st_size for path in sorted(place.model.iterdir())}
    place.report("model", {"bytes": sizes})


def write_model(folder: Path, mar: Mar, autoencoder: Autoencoder, limits: Sequence[float]) -> None:
    """Writes both networks and their configuration; `limits` are of x0, one a channel."""
    write_safetensors(folder / "mar.safetensors", mar.state_dict(), torch.float16)
    write_safetensors(folder / "vae.safetensors", autoencoder.state_dict(), torch.float16)
    resolution = mar.config.side * autoencoder.config.stride
    config = {
        "mar": mar.config.to_json(resolution),
        "vae": autoencoder.config.to_json(resolution),
        "classes": list(CLASS_NAMES[: mar.config.class_num]),
        "sampling": {
            "guidance_scale": Sampling.guidance,
            "cfg_schedule": "linear",
            "temperature": Sampling.temperature,
            "x0_clamp": list(limits),
            "advice": "gtr-fast/guidance=off/temperature=0.96",
        },
    }
    with complete_file(folder / "config.json") as partial:
        partial.write_text(json.dumps(config, indent=2) + "\n")
