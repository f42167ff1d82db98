"""Where a training's files lie, and what all commands share."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from .autoencoder.config import AutoencoderConfig
from .autoencoder.model import Autoencoder
from .latents import limits_path
from .mar.config import MarConfig
from .mar.model import Mar
from .options import assert_shared
from .training.checkpoint import complete_file, load_average, load_checkpoint
from .training.loop import Limits

TRAIN_SEED, TRAIN_COUNT = 1, 48_000
HELD_OUT_SEED, HELD_OUT_COUNT = 2, 6_000


@dataclass(frozen=True)
class Workplace:
    """A folder with everything that the stages make, and how to compute."""

    folder: Path
    device: torch.device
    workers: int
    """Processes that train together, on a CPU."""
    seed: int
    deadline: float | None = None
    """`time.time()` by which this call has to be over."""

    @property
    def training_pictures(self) -> Path:
        """uint8 [48000, 64, 64, 3]."""
        return self.folder / "training.npy"

    @property
    def held_out_pictures(self) -> Path:
        """uint8 [6000, 64, 64, 3], of a seed that nothing is trained on."""
        return self.folder / "held-out.npy"

    @property
    def autoencoder_training(self) -> Path:
        """State of the autoencoder's training."""
        return self.folder / "autoencoder.training.pt"

    @property
    def autoencoder(self) -> Path:
        """The finished autoencoder with normalised latents: weights and sizes."""
        return self.folder / "autoencoder.pt"

    @property
    def latents(self) -> Path:
        """float16 [96000, 256, 16]: the training pictures and their mirror images."""
        return self.folder / "latents.npy"

    @property
    def mar(self) -> Path:
        """State of the MAR model's training."""
        return self.folder / "mar.pt"

    @property
    def judge(self) -> Path:
        """State of the judge's training."""
        return self.folder / "judge.pt"

    @property
    def samples(self) -> Path:
        """uint8 [n, 64, 64, 3]: generated pictures, classes in turn."""
        return self.folder / "samples.npy"

    @property
    def sheets(self) -> Path:
        """Pictures to look at."""
        return self.folder / "sheets"

    @property
    def model(self) -> Path:
        """What the converter reads."""
        return self.folder / "model"

    def workers_for(self, batch: int) -> int:
        """
        How many processes share a training's batches.

        @raises OptionError where they can't
        """
        workers = self.workers if self.device.type == "cpu" else 1
        assert_shared(batch, workers)
        return workers

    def limits(self) -> Limits:
        """When a training that is part of this call has to stop."""
        return Limits(deadline=self.deadline)

    def remaining_minutes(self) -> float | None:
        """Until the deadline, if there is one."""
        return None if self.deadline is None else (self.deadline - time.time()) / 60

    def with_earlier_deadline(self, minutes: float) -> Workplace:
        """The same with trainings stopped `minutes` earlier, if there is a deadline."""
        return self if self.deadline is None else replace(self, deadline=self.deadline - 60 * minutes)

    def report(self, section: str, content: dict[str, Any]) -> None:
        """Puts figures into `report.json`, under a section's name, and prints them."""
        path = self.folder / "report.json"
        report = json.loads(path.read_text()) if path.exists() else {}
        report[section] = content
        with complete_file(path) as partial:
            partial.write_text(json.dumps(report, indent=2) + "\n")
        print(section, json.dumps(content), flush=True)

    def load_autoencoder(self) -> Autoencoder:
        """The finished autoencoder, on the device."""
        saved = load_checkpoint(self.autoencoder)
        model = Autoencoder(autoencoder_config(saved["settings"]))
        model.load_state_dict(saved["weights"])
        return model.to(self.device).eval()

    def load_mar(self) -> Mar:
        """The MAR model as averaged up to its last checkpoint, on the device."""
        saved = load_checkpoint(self.mar)
        model = Mar(MarConfig(**saved["settings"]))
        load_average(model, saved)
        return model.to(self.device).eval()

    def save_limits(self, limits: list[float]) -> None:
        """Notes the largest absolute x0 of each channel."""
        with complete_file(limits_path(self.latents)) as partial:
            partial.write_text(json.dumps(limits))

    def load_limits(self) -> list[float]:
        """The largest absolute x0 of each channel."""
        return json.loads(limits_path(self.latents).read_text())


def autoencoder_config(settings: dict[str, Any]) -> AutoencoderConfig:
    """The sizes that a checkpoint's settings tell."""
    return AutoencoderConfig(**{**settings, "ch_mult": tuple(settings["ch_mult"])})
