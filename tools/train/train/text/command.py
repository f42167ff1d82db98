"""The commands of the text model: `python3 -m train text COMMAND`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..mar.sample import Sampling
from ..options import positive, whole
from ..stages.autoencoder import train_autoencoder
from ..training.device import is_faster_reduced
from .place import AUTOENCODER, AUTOENCODER_RATE, HELD_OUT_COUNT, TextPlace
from .stages.decoder import train_decoder
from .stages.everything import run_everything
from .stages.judging import JUDGE_STEPS, score, train_scene_judge
from .stages.latents import prepare_latents
from .stages.mar import STEPS, train_text_model, validate_text_model
from .stages.packing import pack
from .stages.prompts import write_prompts
from .stages.rendering import fetch, render_pictures
from .stages.sampling import SHOWN, draw_texts
from .stages.unpacking import unpack

_AUTOENCODER_MINUTES = 20.0
_DECODER_MINUTES = 15.0


def add_text_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    """Adds the commands and their options to a parser."""

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[shared], help=text, description=text)

    add("fetch", "install the emoji's packages by npm")
    add("render", "render the autoencoder's scenes, for training and held out")
    autoencoder = add("autoencoder", "train the autoencoder")
    decoder = add("decoder", "train the finished autoencoder's decoder further: latents stay as they are")
    decoder.add_argument(
        "--minutes",
        type=positive,
        default=_DECODER_MINUTES,
        help=f"length of this training, over all calls (default: {_DECODER_MINUTES:g})",
    )
    add("latents", "make room for the latents and find the limits of x0")
    mar = add("mar", "train the text model")
    everything = add("all", "all of these in turn: goes on with whatever is incomplete")
    for training in (autoencoder, everything):
        training.add_argument(
            "--minutes",
            type=positive,
            default=_AUTOENCODER_MINUTES,
            help=f"length of the autoencoder's training, over all calls (default: {_AUTOENCODER_MINUTES:g})",
        )
    for training in (mar, everything):
        training.add_argument(
            "--steps",
            type=whole(1),
            default=STEPS,
            help=f"length of the text model's training, over all calls (default: {STEPS})",
        )
    add("validate", "the text model's loss on held-out scenes, by the share that is masked").add_argument(
        "--count",
        type=whole(1, HELD_OUT_COUNT),
        default=240,
        help=f"pictures, at most {HELD_OUT_COUNT} (default: 240)",
    )
    add("judge", "train the judge of scenes").add_argument(
        "--steps",
        type=whole(1),
        default=JUDGE_STEPS,
        help=f"length of the judge's training, over all calls (default: {JUDGE_STEPS})",
    )
    add("prompts", "write the prompts that text models are scored on, and scenes of them")
    drawing = add("sample", "draw pictures of captions")
    scoring = add("score", "GenEval's six skills and the distances to real scenes")
    for command in (drawing, scoring):
        command.add_argument("--steps", type=whole(1), default=32)
        command.add_argument("--head-steps", type=whole(1), default=25)
        command.add_argument("--guidance", type=float, default=Sampling.guidance)
        command.add_argument("--temperature", type=float, default=Sampling.temperature)
    scoring.add_argument("--prompts", type=whole(2), default=48, help="prompts a skill (default: 48)")
    scoring.add_argument(
        "--pictures",
        type=whole(0, HELD_OUT_COUNT // 2),
        default=240,
        help="pictures to measure distances by; 0 for none (default: 240)",
    )
    drawing.add_argument("captions", nargs="*", help="default: those of the sheet")
    drawing.add_argument("--name", default="samples", help="of the sheet (default: samples)")
    add("pack", "write float16 safetensors, the tokenizer and config.json for the converter")
    unpacking = add("unpack", "go on with the training of a converted model")
    unpacking.add_argument("folder", type=Path, help="with mar.json, tokenizer.json and onnx/")
    unpacking.add_argument(
        "--step", type=whole(0), default=0, help="how far its training had come (default: 0)"
    )


def run_text_command(place: TextPlace, options: argparse.Namespace) -> None:
    """Runs one command."""

    def sampling() -> Sampling:
        return Sampling(options.steps, options.head_steps, options.guidance, options.temperature)

    commands: dict[str, Callable[[], object]] = {
        "fetch": lambda: fetch(place),
        "render": lambda: render_pictures(place),
        "autoencoder": lambda: train_autoencoder(
            place, options.minutes, AUTOENCODER, is_faster_reduced(place.device), AUTOENCODER_RATE
        ),
        "decoder": lambda: train_decoder(place, options.minutes, is_faster_reduced(place.device)),
        "latents": lambda: prepare_latents(place),
        "mar": lambda: train_text_model(place, options.steps),
        "validate": lambda: validate_text_model(place, options.count),
        "judge": lambda: train_scene_judge(place, options.steps),
        "prompts": lambda: write_prompts(place),
        "sample": lambda: draw_texts(place, options.captions or SHOWN, sampling(), options.name),
        "score": lambda: score(place, options.prompts, options.pictures, sampling()),
        "pack": lambda: pack(place),
        "unpack": lambda: unpack(place, options.folder, options.step),
        "all": lambda: run_everything(place, options.minutes, options.steps),
    }
    commands[options.text_command]()
