"""Where the text model's files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..autoencoder.config import AutoencoderConfig
from ..training.checkpoint import load_average, load_checkpoint
from ..workplace import Workplace
from .latents import SceneLatents
from .model.config import TextEncoderConfig, TextMarConfig
from .model.model import TextModel
from .model.word_pieces import WordPieces
from .pictures import sprites_of
from .scene.captions import Captions

TRAIN_COUNT = 16_000
HELD_OUT_COUNT = 4_000
LATENT_COUNT = 48_000
"""Scenes that the MAR model is trained on; the autoencoder's are the first of them."""
SCENE_SEED, HELD_OUT_SCENE_SEED, JUDGE_SCENE_SEED, PROMPT_SCENE_SEED = 11, 12, 13, 14

AUTOENCODER = AutoencoderConfig(ch=128, z_channels=16, pixel_shuffle=8)
AUTOENCODER_RATE = 2e-4
"""The linear code that it begins with doesn't survive a narrower one's rate: 5e-4 cost it 3 dB in 60 steps."""


@dataclass(frozen=True)
class TextPlace(Workplace):
    """
    A folder with everything that the text model's stages make. The pictures are scenes at 128×128, the latents
    16×16.
    """

    @property
    def npm(self) -> Path:
        """Where the emoji's packages are installed."""
        return self.folder / "npm"

    @property
    def packages(self) -> Path:
        """The folder with the emoji and their names."""
        return self.npm / "node_modules"

    @property
    def decoder_training(self) -> Path:
        """State of the decoder's further training."""
        return self.folder / "decoder.training.pt"

    @property
    def tokenizer(self) -> Path:
        """The vocabulary that the text model was begun with."""
        return self.folder / "tokenizer.json"

    @property
    def validation(self) -> Path:
        """A JSON object a line: samples and the loss on held-out scenes."""
        return self.folder / "validation.jsonl"

    @property
    def prompts(self) -> Path:
        """What text models are scored on."""
        return self.folder / "prompts.json"

    @property
    def prompt_scenes(self) -> Path:
        """Real scenes of the prompts."""
        return self.folder / "prompt-scenes.npy"

    def captions(self) -> Captions:
        """What says what scenes show."""
        return Captions(sprites_of(self.packages))

    def load_word_pieces(self) -> WordPieces:
        """The vocabulary."""
        return WordPieces.load(self.tokenizer)

    def load_latents(self) -> SceneLatents:
        """The training scenes' latents; the encoder works for those that aren't there yet."""
        return SceneLatents(
            self.latents, SCENE_SEED, sprites_of(self.packages), self.load_autoencoder().cpu()
        )

    def load_token_limits(self, patch: int) -> list[float]:
        """The limits of x0 by channel of a token of patch × patch latents."""
        return [limit for limit in self.load_limits() for _ in range(patch**2)]

    def load_text_model(self) -> TextModel:
        """The text model as averaged up to its last checkpoint, on the device."""
        saved = load_checkpoint(self.mar)
        model = text_model(saved["settings"])
        load_average(model, saved)
        return model.to(self.device).eval()


def text_model(settings: dict[str, dict[str, object]]) -> TextModel:
    """A new model of the sizes that a checkpoint's settings tell."""
    encoder: Any = settings["text_encoder"]
    mar: Any = settings["mar"]
    return TextModel(TextEncoderConfig(**encoder), TextMarConfig(**mar))


def text_sizes(pieces: WordPieces) -> tuple[TextEncoderConfig, TextMarConfig]:
    """Sizes of the embedded model, whose vocabulary is given."""
    encoder = TextEncoderConfig(len(pieces.vocabulary))
    return encoder, TextMarConfig(caption_channels=encoder.width, max_length=encoder.rows)
