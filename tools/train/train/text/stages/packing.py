"""Packs the trained text model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch

from ...safetensors import read_safetensors, write_safetensors
from ...training.checkpoint import complete_file, load_checkpoint, save_checkpoint
from ...workplace import autoencoder_config
from ..place import TextPlace, text_model

_ADVICE = {
    "guidance_scale": 5.0,
    "cfg_schedule": "linear",
    "temperature": 0.9,
    "advice": "gtr-gradual",
}
"""How to sample the packed model; chosen by eye on 24 prompts, while there is no judge to score by."""
_ENCODER = "text_encoder."
_MAR = "mar."


def pack(place: TextPlace) -> None:
    """
    Writes `model/`: `mar.safetensors` (LightGen's key names), `text-encoder.safetensors`, `vae.safetensors` (all
    float16), `tokenizer.json` and `config.json`.
    """
    model, autoencoder = place.load_text_model(), place.load_autoencoder()
    folder = place.model
    weights = model.state_dict()
    write_safetensors(folder / "mar.safetensors", _part(weights, _MAR), torch.float16)
    write_safetensors(folder / "text-encoder.safetensors", _part(weights, _ENCODER), torch.float16)
    write_safetensors(folder / "vae.safetensors", autoencoder.state_dict(), torch.float16)
    shutil.copy(place.tokenizer, folder / "tokenizer.json")
    mar = model.mar.config
    resolution = mar.side * mar.patch_size * autoencoder.config.stride
    config = {
        "mar": mar.to_json(resolution),
        "text_encoder": model.text_encoder.config.to_json(),
        "vae": autoencoder.config.to_json(resolution),
        "sampling": {
            **_ADVICE,
            "x0_clamp": place.load_token_limits(mar.patch_size),
        },
    }
    with complete_file(folder / "config.json") as partial:
        partial.write_text(json.dumps(config, indent=2) + "\n")
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    place.report("model", {"bytes": sizes})


def save_for_later(place: TextPlace, folder: Path) -> None:
    """
    Writes what a training can go on from, without the optimizer's state, as float16: the autoencoder, finished or
    not, and the text model's raw and averaged weights, as far as they exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state: dict[str, object] = {}
    source = place.autoencoder if place.autoencoder.exists() else place.autoencoder_training
    if source.exists():
        saved = load_checkpoint(source)
        write_safetensors(folder / "vae.safetensors", saved.get("average", saved["weights"]), torch.float16)
        state["autoencoder"] = {
            "finished": source == place.autoencoder,
            "settings": saved["settings"],
            **{name: saved[name] for name in ("step", "minutes") if name in saved},
        }
    if place.mar.exists():
        saved = load_checkpoint(place.mar)
        write_safetensors(folder / "average.safetensors", saved["average"], torch.float16)
        state["mar"] = {name: saved[name] for name in ("settings", "step", "minutes")}
        shutil.copy(place.tokenizer, folder / "tokenizer.json")
        state["limits"] = place.load_limits()
    with complete_file(folder / "state.json") as partial:
        partial.write_text(json.dumps(state, indent=2) + "\n")


def take_over(place: TextPlace, folder: Path) -> None:
    """
    Puts what `save_for_later` wrote where trainings find it. The text model's training goes on at its step, from
    the averaged weights, with an optimizer that begins anew.

    @raises FileExistsError if the workplace has a text model or an autoencoder already
    """
    for path in (place.mar, place.autoencoder, place.autoencoder_training):
        if path.exists():
            raise FileExistsError(f"{path} exists: choose another folder with --work.")
    state = json.loads((folder / "state.json").read_text())
    if "autoencoder" in state:
        found = state["autoencoder"]
        weights = read_safetensors(folder / "vae.safetensors")
        autoencoder_config(found["settings"])
        if found["finished"]:
            save_checkpoint(place.autoencoder, {"weights": weights, "settings": found["settings"]})
        else:
            begun = {"weights": weights, "average": weights, "optimizer": None}
            rest = {name: found[name] for name in ("step", "minutes", "settings")}
            save_checkpoint(place.autoencoder_training, {**begun, **rest})
    if "mar" in state:
        weights = text_model(state["mar"]["settings"]).state_dict()
        weights.update(read_safetensors(folder / "average.safetensors"))
        begun = {"weights": weights, "average": weights, "optimizer": None}
        save_checkpoint(place.mar, {**begun, **state["mar"]})
        shutil.copy(folder / "tokenizer.json", place.tokenizer)
        place.save_limits(state["limits"])


def _part(weights: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Those under a prefix, without it; buffers are left out by the networks themselves."""
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
