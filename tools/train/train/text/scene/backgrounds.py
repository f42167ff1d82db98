"""What lies behind the things: plain and graded colours, and six places."""

from __future__ import annotations

import math
from random import Random

import numpy as np

SIDE = 128

PLAIN: dict[str, tuple[int, int, int]] = {
    "red": (214, 84, 78),
    "orange": (242, 160, 84),
    "yellow": (248, 218, 112),
    "green": (128, 190, 116),
    "turquoise": (104, 200, 190),
    "blue": (104, 150, 222),
    "purple": (158, 122, 206),
    "pink": (246, 178, 200),
    "brown": (150, 112, 84),
    "white": (246, 246, 246),
    "grey": (158, 160, 166),
    "black": (38, 38, 44),
}
GRADED: tuple[str, ...] = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink")
PLACES: tuple[str, ...] = ("sky", "meadow", "sand", "sea", "snow", "night")

BACKGROUNDS: tuple[str, ...] = (
    *PLAIN,
    *(f"graded {name}" for name in GRADED),
    *PLACES,
)
"""All names; a background's place is its class."""

_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)


def colour_of(background: str) -> str | None:
    """The colour that a background has all over, if it has one."""
    name = background.removeprefix("graded ")
    return name if name in PLAIN else None


def draw_background(name: str, rng: Random) -> np.ndarray:
    """float32 [128, 128, 3] in 0–1. Chance shifts a shade, a horizon, clouds and stars."""
    if name in PLACES:
        return _DRAWINGS[name](rng)
    colour = np.array(PLAIN[name.removeprefix("graded ")], np.float32) / 255
    shade = 1 + 0.03 * (2 * rng.random() - 1)
    if name in PLAIN:
        return np.broadcast_to(np.clip(colour * shade, 0, 1), (SIDE, SIDE, 3)).copy()
    light, deep = colour + 0.72 * (1 - colour), colour * 0.72
    return np.clip(_mix(light, deep, _ROWS / (SIDE - 1)) * shade, 0, 1)


def _rgb(red: int, green: int, blue: int) -> np.ndarray:
    return np.array([red, green, blue], np.float32) / 255


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Share [h, w] of the way from the first colour or picture to the second."""
    return first + share[..., None] * (second - first)


def _over(height: float, swing: float, period: float, phase: float) -> np.ndarray:
    """1 below a wavy line at `height` pixels from the top, 0 above it, softened over a pixel."""
    line = height + swing * np.sin(2 * math.pi * _COLUMNS / period + phase)
    return np.clip(_ROWS - line + 0.5, 0, 1)


def _blob(x: float, y: float, width: float, height: float) -> np.ndarray:
    distance = np.hypot((_COLUMNS - x) / width, (_ROWS - y) / height)
    return np.clip((1 - distance) * min(width, height) + 0.5, 0, 1)


def _cloud(picture: np.ndarray, x: float, y: float, size: float, colour: np.ndarray) -> np.ndarray:
    shape = np.maximum.reduce(
        [
            _blob(x, y, 1.1 * size, 0.55 * size),
            _blob(x - 0.8 * size, y + 0.2 * size, 0.7 * size, 0.38 * size),
            _blob(x + 0.85 * size, y + 0.18 * size, 0.75 * size, 0.4 * size),
        ]
    )
    return _mix(picture, colour, shape)


def _graded_sky(top: np.ndarray, bottom: np.ndarray, until: float) -> np.ndarray:
    return _mix(top, bottom, np.clip(_ROWS / until, 0, 1))


def _sky(rng: Random) -> np.ndarray:
    picture = _graded_sky(_rgb(92, 164, 238), _rgb(190, 224, 250), SIDE)
    for left in (0, 64):
        x, y = left + rng.uniform(14, 50), rng.uniform(12, 112)
        picture = _cloud(picture, x, y, rng.uniform(11, 17), _rgb(252, 253, 255))
    return picture


def _meadow(rng: Random) -> np.ndarray:
    picture = _graded_sky(_rgb(126, 190, 244), _rgb(206, 232, 250), 80)
    height, phase = rng.uniform(56, 72), rng.uniform(0, 2 * math.pi)
    picture = _mix(picture, _rgb(118, 186, 92), _over(height, 5, 150, phase))
    grass = _mix(_rgb(104, 176, 78), _rgb(72, 142, 60), np.clip((_ROWS - height) / (SIDE - height), 0, 1))
    return _mix(picture, grass, _over(height + 12, 4, 190, phase + 2))


def _sand(rng: Random) -> np.ndarray:
    picture = _graded_sky(_rgb(158, 208, 244), _rgb(248, 232, 204), 70)
    height, phase = rng.uniform(52, 68), rng.uniform(0, 2 * math.pi)
    picture = _mix(picture, _rgb(236, 206, 150), _over(height, 6, 170, phase))
    dune = _mix(_rgb(244, 216, 160), _rgb(222, 184, 124), np.clip((_ROWS - height) / (SIDE - height), 0, 1))
    return _mix(picture, dune, _over(height + 16, 6, 140, phase + 2.4))


def _sea(rng: Random) -> np.ndarray:
    height, phase = rng.uniform(44, 60), rng.uniform(0, 2 * math.pi)
    picture = _graded_sky(_rgb(150, 206, 246), _rgb(222, 240, 252), height)
    water = _mix(_rgb(64, 150, 204), _rgb(24, 84, 150), np.clip((_ROWS - height) / (SIDE - height), 0, 1))
    picture = _mix(picture, water, _over(height, 0, 100, 0))
    for row in range(3):
        down = height + 14 + 22 * row
        crest = _over(down, 2.5, 32, phase + row * 2) * (1 - _over(down + 2.5, 2.5, 32, phase + row * 2))
        picture = _mix(picture, _rgb(150, 206, 232), 0.7 * crest)
    return picture


def _snow(rng: Random) -> np.ndarray:
    picture = _graded_sky(_rgb(158, 182, 210), _rgb(206, 220, 236), 80)
    height, phase = rng.uniform(58, 74), rng.uniform(0, 2 * math.pi)
    ground = _mix(_rgb(250, 252, 255), _rgb(222, 232, 246), np.clip((_ROWS - height) / (SIDE - height), 0, 1))
    picture = _mix(picture, ground, _over(height, 5, 160, phase))
    for cell in range(12):
        x, y = 32 * (cell % 4) + rng.uniform(4, 28), 24 * (cell // 4) + rng.uniform(3, 20)
        picture = _mix(picture, _rgb(255, 255, 255), _blob(x, y, 2.2, 2.2))
    return picture


def _night(rng: Random) -> np.ndarray:
    picture = _graded_sky(_rgb(14, 18, 56), _rgb(58, 58, 120), SIDE)
    for cell in range(16):
        x, y = 32 * (cell % 4) + rng.uniform(4, 28), 32 * (cell // 4) + rng.uniform(4, 28)
        size = rng.uniform(1.0, 2.0)
        picture = _mix(picture, _rgb(255, 250, 214), 0.9 * _blob(x, y, size, size))
    return picture


_DRAWINGS = {"sky": _sky, "meadow": _meadow, "sand": _sand, "sea": _sea, "snow": _snow, "night": _night}
