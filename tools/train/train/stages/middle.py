"""Cuts a packed model down to the middle rows of its grid, for pictures that are no squares."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from PIL import Image

from ..options import OptionError
from ..pictures import Chunk, render_chunk
from ..render import CLASS_NAMES
from ..safetensors import read_safetensors, write_safetensors
from ..training.checkpoint import complete_file
from ..workplace import HELD_OUT_SEED

_CHUNK = 240


def cut_middle(folder: Path, out: Path, rows: int, count: int) -> None:
    """
    Writes a packed model whose grid is the middle `rows` rows of another's, and `real`, the first `count` held-out
    renders cut alike, a folder a class. The position tables lose the other rows; nothing is trained.

    @param folder of a square model: `mar.safetensors`, `vae.safetensors` and `config.json`
    @raises OptionError if it has fewer rows, or the rows above and below would not be equally many
    """
    config = json.loads((folder / "config.json").read_text())
    sizes = config["mar"]
    side = sizes["seq_h"]
    if rows > side or (side - rows) % 2:
        raise OptionError(f"--rows {rows}: must be at most {side}, and leave an even number of rows out.")
    first = (side - rows) // 2
    tensors = read_safetensors(folder / "mar.safetensors")
    for name, tensor in tensors.items():
        if name.endswith("pos_embed_learned"):
            tensors[name] = _middle_positions(tensor, side, first)
    out.mkdir(parents=True, exist_ok=True)
    write_safetensors(out / "mar.safetensors", tensors, torch.float16)
    shutil.copyfile(folder / "vae.safetensors", out / "vae.safetensors")
    _save_real(out / "real", first * sizes["vae_stride"] * sizes["patch_size"], count)
    with complete_file(out / "config.json") as partial:
        partial.write_text(json.dumps({**config, "mar": {**sizes, "seq_h": rows}}, indent=2) + "\n")


def _middle_positions(table: torch.Tensor, side: int, first: int) -> torch.Tensor:
    """A table [1, buffer + side², width] without the `first` and the last as many rows of the grid."""
    buffer = table.shape[1] - side * side
    kept = table[:, buffer + first * side : buffer + (side - first) * side]
    return torch.cat([table[:, :buffer], kept], dim=1)


def _save_real(folder: Path, cut: int, count: int) -> None:
    """Held-out renders without their first and last `cut` rows of pixels."""
    for name in CLASS_NAMES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    chunks: list[Chunk] = [
        (HELD_OUT_SEED, start, min(count, start + _CHUNK)) for start in range(0, count, _CHUNK)
    ]
    with ProcessPoolExecutor() as pool:
        for (_, start, _), (pixels, _) in zip(chunks, pool.map(render_chunk, chunks), strict=True):
            for index, picture in enumerate(pixels, start):
                name = CLASS_NAMES[index % len(CLASS_NAMES)]
                Image.fromarray(picture[cut : len(picture) - cut]).save(folder / name / f"{index:05}.png")
