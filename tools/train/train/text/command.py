"""The commands of the text model: `python3 -m train text COMMAND`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..options import positive
from ..stages.autoencoder import train_autoencoder
from ..training.device import is_faster_reduced
from .place import AUTOENCODER, TextPlace
from .stages.rendering import fetch, render_pictures

_AUTOENCODER_MINUTES = 30.0


def add_text_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    """Adds the commands and their options to a parser."""

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[shared], help=text, description=text)

    add("fetch", "install the emoji's packages by npm")
    add("render", "render the autoencoder's scenes, for training and held out")
    add("autoencoder", "train the autoencoder").add_argument(
        "--minutes",
        type=positive,
        default=_AUTOENCODER_MINUTES,
        help=f"length of the training, over all calls (default: {_AUTOENCODER_MINUTES:g})",
    )


def run_text_command(place: TextPlace, options: argparse.Namespace) -> None:
    """Runs one command."""
    commands: dict[str, Callable[[], object]] = {
        "fetch": lambda: fetch(place),
        "render": lambda: render_pictures(place),
        "autoencoder": lambda: train_autoencoder(
            place, options.minutes, AUTOENCODER, is_faster_reduced(place.device)
        ),
    }
    commands[options.text_command]()
