"""Puts a packed model back where trainings and drawings find it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..autoencoder.config import AutoencoderConfig
from ..autoencoder.model import Autoencoder
from ..mar.config import MarConfig
from ..mar.model import Mar
from ..safetensors import read_safetensors
from ..training.checkpoint import save_checkpoint
from ..workplace import Workplace


def unpack(place: Workplace, folder: Path) -> None:
    """
    Takes over `vae.safetensors` and `config.json` from a folder that `pack` wrote, as a finished autoencoder,
    and `mar.safetensors`, where it is there, as weights that the MAR model's training begins with.

    @raises FileExistsError if the workplace has a MAR model or an autoencoder already
    """
    for path in (place.mar, place.autoencoder):
        if path.exists():
            raise FileExistsError(f"{path} exists: choose another folder with --work.")
    config = json.loads((folder / "config.json").read_text())
    autoencoder = Autoencoder(_autoencoder_config(config["vae"]))
    autoencoder.load_state_dict(read_safetensors(folder / "vae.safetensors"))
    settings = autoencoder.config.to_settings()
    save_checkpoint(place.autoencoder, {"weights": autoencoder.state_dict(), "settings": settings})
    place.save_limits(config["sampling"]["x0_clamp"])

    if not (folder / "mar.safetensors").exists():
        return
    mar = Mar(_mar_config(config["mar"]))
    mar.load_state_dict(read_safetensors(folder / "mar.safetensors"))
    weights = mar.state_dict()
    begun = {"weights": weights, "average": weights, "optimizer": None, "step": 0, "minutes": 0.0}
    save_checkpoint(place.mar, {**begun, "settings": asdict(mar.config)})


def _autoencoder_config(sizes: dict[str, Any]) -> AutoencoderConfig:
    names = ("ch", "num_res_blocks", "z_channels", "pixel_shuffle", "group_norm_groups", "group_norm_eps")
    return AutoencoderConfig(ch_mult=tuple(sizes["ch_mult"]), **{name: sizes[name] for name in names})


def _mar_config(sizes: dict[str, Any]) -> MarConfig:
    names = ("vae_embed_dim", "mlp_ratio", "buffer_size", "class_num", "diffloss_d", "diffloss_w", "norm_eps")
    return MarConfig(
        side=sizes["seq_h"],
        embed_dim=sizes["encoder_embed_dim"],
        depth=sizes["encoder_depth"],
        num_heads=sizes["encoder_num_heads"],
        **{name: sizes[name] for name in names},
    )
