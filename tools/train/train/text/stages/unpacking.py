"""Takes a converted model apart again, to train it further: the shipped model is the state that is committed."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch

from ...autoencoder.config import AutoencoderConfig
from ...autoencoder.model import Autoencoder
from ...onnx_weights import read_onnx_weights
from ...training.checkpoint import save_checkpoint
from ..model.model import TextModel
from ..model.word_pieces import WordPieces
from ..place import AUTOENCODER, TextPlace, text_model, text_sizes

_HEAD = "diffloss.net."


def unpack(place: TextPlace, folder: Path, step: int) -> None:
    """
    Puts the weights of a converted model's folder where trainings find them. The graphs lack what no output depends
    on: biases of keys are zeros, and the text for none is what gives the constants that stand in its place.

    @param step: how far the training had come
    @raises FileExistsError if the workplace has a text model or an autoencoder already
    """
    for path in (place.mar, place.autoencoder, place.autoencoder_training):
        if path.exists():
            raise FileExistsError(f"{path} exists: choose another folder with --work.")
    onnx = {path.stem: read_onnx_weights(path) for path in sorted((folder / "onnx").glob("*.onnx"))}
    encoder, mar = text_sizes(WordPieces.load(folder / "tokenizer.json"))
    settings = {"text_encoder": asdict(encoder), "mar": asdict(mar)}
    weights = text_weights(text_model(settings), onnx)
    save_checkpoint(
        place.mar,
        {
            "weights": weights,
            "average": weights,
            "optimizer": None,
            "step": step,
            "minutes": 0.0,
            "settings": settings,
        },
    )
    autoencoder = {
        "weights": autoencoder_weights(onnx, AUTOENCODER),
        "settings": AUTOENCODER.to_settings(),
    }
    save_checkpoint(place.autoencoder, autoencoder)
    shutil.copy(folder / "tokenizer.json", place.tokenizer)
    clamp = json.loads((folder / "mar.json").read_text())["sampling"]["clamp"]
    place.save_limits(clamp[:: mar.patch_size**2])


def text_weights(model: TextModel, onnx: dict[str, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """A text model's weights from those of its graphs, by the graphs' names."""
    found = {name: value for graph, part in onnx.items() if graph != "textEncoder" for name, value in part.items()}
    weights = dict(model.state_dict())
    found["fake_latent"] = _null_text(model, found)
    _split_modulation(model, found)
    for name, own in weights.items():
        of_encoder = name.startswith("text_encoder.")
        source = onnx["textEncoder"] if of_encoder else found
        weights[name] = _weight(source, name.split(".", 1)[1], own.shape)
    model.load_state_dict(weights)
    return weights


def autoencoder_weights(
    onnx: dict[str, dict[str, torch.Tensor]], config: AutoencoderConfig
) -> dict[str, torch.Tensor]:
    """An autoencoder's weights from those of its encoder's and decoder's graphs."""
    found = {**onnx["encoder"], **onnx["decoder"]}
    block = config.pixel_shuffle
    # The first convolution reads pixels in blocks as one convolution of blocks.
    first = found["encoder.conv_in.weight"]
    apart = first.view(first.shape[0], 3, 3, block, 3, block).permute(0, 1, 3, 5, 2, 4)
    found["encoder.conv_in.weight"] = apart.reshape(first.shape[0], -1, 3, 3)
    weights = dict(Autoencoder(config).state_dict())
    for name, own in weights.items():
        # No output depends on the bias of keys.
        value = found[name] if name in found else torch.zeros_like(own)
        # Attention's convolutions of single pixels are products, with their weights turned.
        turned = value.ndim == 2 and own.ndim == 4
        weights[name] = (value.T if turned else value).reshape(own.shape).contiguous()
    return weights


def _weight(source: dict[str, torch.Tensor], name: str, shape: torch.Size) -> torch.Tensor:
    for joined, parts in ((".qkv.", ".qkv"), (".kv.", ".kv")):
        if joined in name:
            pieces = [name.replace(parts, f".{letter}") for letter in parts[1:]]
            size = torch.Size([shape[0] // len(pieces), *shape[1:]])
            return torch.cat([_weight(source, piece, size) for piece in pieces])
    if name not in source:
        if name.endswith("attn.k.bias"):
            return torch.zeros(shape)
        raise KeyError(f"The graphs lack {name}.")
    value = source[name]
    if name.endswith("_pos_embed_learned"):
        return value.flatten(2).transpose(1, 2).reshape(shape).contiguous()
    # Products have their weights turned; look-ups don't.
    looked_up = name in ("token_embedding.weight", "memory.weight")
    turned = len(shape) == 2 and name.endswith(".weight") and not looked_up
    return (value.T if turned else value).reshape(shape).contiguous()


def _split_modulation(model: TextModel, found: dict[str, torch.Tensor]) -> None:
    """[shift | 1 + scale | gate] of each block, then [shift | 1 + scale] of the final layer."""
    config = model.mar.config
    width = config.diffloss_w
    layers = [(f"{_HEAD}res_blocks.{block}", 3) for block in range(config.diffloss_d)]
    start = 0
    for key, pieces in [*layers, (f"{_HEAD}final_layer", 2)]:
        end = start + pieces * width
        bias = found["modulation.bias"][start:end].clone()
        bias[width : 2 * width] -= 1
        found[f"{key}.adaLN_modulation.1.weight"] = found["modulation.weight"][:, start:end]
        found[f"{key}.adaLN_modulation.1.bias"] = bias
        start = end


def _null_text(model: TextModel, found: dict[str, torch.Tensor]) -> torch.Tensor:
    """
    The text for none, normed, by least squares from each block's constant proj(values(normkv(text))). Its length is
    lost, and matters to nothing.
    """
    sides, constants = [], []
    for index in range(model.mar.config.cross_depth):
        block = f"cross_attn_blocks.{index}"
        values, proj = found[f"{block}.attn.v.weight"].T.double(), found[f"{block}.attn.proj.weight"].T.double()
        both = proj @ values
        bias = proj @ found[f"{block}.attn.v.bias"].double() + found[f"{block}.attn.proj.bias"].double()
        sides.append(both * found[f"{block}.normkv.weight"].double())
        constants.append(found[f"{block}.attn.null"].double() - bias - both @ found[f"{block}.normkv.bias"].double())
    text = torch.linalg.lstsq(torch.cat(sides), torch.cat(constants)[:, None]).solution[:, 0]
    return text.float().view(1, 1, -1)
