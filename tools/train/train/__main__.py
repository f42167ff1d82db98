"""The command line: `python3 -m train COMMAND`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .mar.config import MAR_SIZES
from .mar.sample import Sampling
from .options import OptionError, positive, whole
from .render import CLASS_NAMES
from .stages.autoencoder import train_autoencoder
from .stages.everything import run_everything
from .stages.judging import judge_samples, train_judge
from .stages.latents import compute_latents
from .stages.mar import train_mar
from .stages.middle import cut_middle
from .stages.packing import pack
from .stages.rendering import render_pictures
from .stages.sampling import draw_samples
from .stages.unpacking import unpack
from .stages.validating import validate_mar
from .text.command import add_text_commands, run_text_command
from .text.place import TextPlace
from .training.device import pick_device
from .workplace import HELD_OUT_COUNT, Workplace

_CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"


def main() -> None:
    """Runs one command."""
    parser = _parser()
    options = parser.parse_args()
    try:
        _run(options)
    except OptionError as error:
        parser.error(str(error))


def _run(options: argparse.Namespace) -> None:
    deadline = None if options.within is None else time.time() + 60 * options.within
    how = pick_device(options.device), options.workers, options.seed, deadline
    if options.command == "text":
        return run_text_command(TextPlace(options.work or _CHECKPOINTS / "text", *how), options)
    place = Workplace(options.work or _CHECKPOINTS, *how)
    if options.command == "render":
        render_pictures(place)
    elif options.command == "autoencoder":
        train_autoencoder(place, options.minutes)
    elif options.command == "latents":
        compute_latents(place)
    elif options.command == "mar":
        train_mar(place, options.size, options.minutes, options.steps, options.targets, options.start)
    elif options.command == "validate":
        validate_mar(place, options.count)
    elif options.command == "sample":
        sampling = Sampling(options.steps, options.head_steps, options.guidance, options.temperature)
        draw_samples(place, options.count, sampling, options.name)
    elif options.command == "judge":
        train_judge(place, options.minutes)
        if place.samples.exists():
            judge_samples(place)
    elif options.command == "pack":
        pack(place)
    elif options.command == "unpack":
        unpack(place, options.folder)
    elif options.command == "middle":
        cut_middle(options.folder, options.out, options.rows, options.count)
    else:
        run_everything(place, options.within, options.mar_minutes, options.size)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--work", type=Path, help="folder of all files (default: checkpoints, or checkpoints/text)"
    )
    shared.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    shared.add_argument(
        "--workers", type=whole(1), default=2, help="processes that train together on a CPU (default: 2)"
    )
    shared.add_argument("--seed", type=whole(0), default=0)
    shared.add_argument(
        "--within", type=positive, help="minutes after which to save and stop, whatever is done by then"
    )

    parser = argparse.ArgumentParser(
        prog="python3 -m train", description="Renders, trains, judges and packs the embedded model."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[shared], help=text, description=text)

    add("render", "render the training and the held-out pictures")
    trainings = {
        "autoencoder": add("autoencoder", "train the autoencoder"),
        "mar": add("mar", "train the MAR model"),
        "judge": add("judge", "train the judge and judge the pictures drawn"),
    }
    for training in trainings.values():
        training.add_argument(
            "--minutes", type=positive, help="length of the training, over all calls (default: in steps)"
        )
    add("latents", "compute the latents of the training pictures")
    trainings["mar"].add_argument(
        "--steps", type=whole(1), help="length of the training in steps (default: 100000)"
    )
    trainings["mar"].add_argument(
        "--targets", type=whole(1), help="timesteps a token (default: 4 on a GPU, 2 on a CPU)"
    )
    trainings["mar"].add_argument(
        "--start",
        type=Path,
        help="safetensors file whose fitting weights a new training begins with; one that goes on ignores it",
    )
    validation = add("validate", "the MAR model's loss on held-out pictures, by the share that is masked")
    validation.add_argument(
        "--count",
        type=whole(1, HELD_OUT_COUNT),
        default=240,
        help=f"pictures, at most {HELD_OUT_COUNT} (default: 240)",
    )
    drawing = add("sample", "draw pictures with the trained models")
    drawing.add_argument(
        "--count",
        type=whole(1, multiple_of=len(CLASS_NAMES)),
        default=144,
        help="a multiple of 12 (default: 144)",
    )
    drawing.add_argument("--steps", type=whole(1), default=Sampling.steps)
    drawing.add_argument("--head-steps", type=whole(1), default=Sampling.head_steps)
    drawing.add_argument("--guidance", type=float, default=Sampling.guidance)
    drawing.add_argument("--temperature", type=float, default=Sampling.temperature)
    drawing.add_argument("--name", default="samples", help="of the sheet (default: samples)")
    add("pack", "write float16 safetensors and config.json for the converter")
    add("unpack", "go on from a packed model").add_argument("folder", type=Path)
    middle = add("middle", "cut a packed model, and held-out renders, down to the middle rows of their grid")
    middle.add_argument("folder", type=Path)
    middle.add_argument("--out", type=Path, required=True)
    middle.add_argument("--rows", type=whole(1), default=12, help="of the grid (default: 12)")
    middle.add_argument(
        "--count",
        type=whole(2, HELD_OUT_COUNT),
        default=2400,
        help=f"renders, at most {HELD_OUT_COUNT} (default: 2400)",
    )
    everything = add("all", "all of these in turn; with --within, as much as fits")
    everything.add_argument(
        "--mar-minutes", type=positive, help="length of the MAR model's training, over all calls"
    )
    text = commands.add_parser("text", help="the text-to-image model's commands")
    add_text_commands(text.add_subparsers(dest="text_command", required=True), shared)
    for command in (trainings["mar"], everything):
        command.add_argument("--size", choices=sorted(MAR_SIZES), default="tiny")
    return parser


if __name__ == "__main__":
    main()
