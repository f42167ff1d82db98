"""The colours that things can take: recognising a thing's own, and giving it another."""

from __future__ import annotations

import numpy as np

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.985, 0.85, 0.88),
    "orange": (0.075, 0.92, 0.98),
    "yellow": (0.142, 0.88, 1.0),
    "green": (0.355, 0.75, 0.70),
    "blue": (0.60, 0.82, 0.90),
    "purple": (0.755, 0.65, 0.68),
    "pink": (0.915, 0.48, 1.0),
    "white": (0.60, 0.02, 0.98),
    "black": (0.70, 0.15, 0.22),
}
"""Hue, saturation and value (0–1) of each, in the middle of its range."""

_NEAR, _FAR = 40 / 360, 60 / 360
_LEAST_SHARE = 0.72
_GREY = 0.22
_OWN_HUES: dict[str, tuple[float, float]] = {
    "red": (0.92, 1.02),
    "orange": (0.05, 0.095),
    "yellow": (0.115, 0.17),
    "green": (0.27, 0.45),
    "blue": (0.53, 0.66),
    "purple": (0.7, 0.8),
    "pink": (0.86, 0.96),
}
"""The hues that have a colour's name; of red and pink, whose ranges meet, the paler is pink."""
_PALE = 0.62


class Dye:
    """The part of a thing that takes a colour."""

    def __init__(self, picture: np.ndarray) -> None:
        """
        @param picture: float32 [h, w, 4], 0–1, not premultiplied
        """
        self._hsv = _to_hsv(picture[..., :3])
        hue, saturation, value = (self._hsv[..., channel] for channel in range(3))
        area = picture[..., 3]
        coloured = area * saturation * (saturation > _GREY) * (value > 0.15)
        histogram = np.bincount((hue * 72).astype(int).ravel() % 72, coloured.ravel(), 72)
        window = sum(np.roll(histogram, offset) for offset in range(-4, 5))
        main = int(window.argmax())
        offset = _turn(hue - (main + 0.5) / 72)
        self._main = (main + 0.5) / 72 + float((offset * coloured * (np.abs(offset) < _NEAR)).sum()) / max(
            1e-6, float((coloured * (np.abs(offset) < _NEAR)).sum())
        )
        distance = np.abs(_turn(hue - self._main))
        share = np.clip((_FAR - distance) / (_FAR - _NEAR), 0, 1) * np.clip(saturation / _GREY - 0.3, 0, 1)
        grey = np.clip(1.5 - saturation / _GREY, 0, 1) * np.clip(value * 4 - 0.6, 0, 1)
        whole = max(1e-6, float(area.sum()))
        by_hue, by_grey = float((area * share).sum()) / whole, float((area * grey).sum()) / whole
        self._is_grey = by_grey > by_hue
        self.share = grey if self._is_grey else share
        self.takes_colour = max(by_hue, by_grey) >= _LEAST_SHARE
        weight = area * self.share + 1e-9
        self._mean_saturation = float((saturation * weight).sum() / weight.sum())
        self._mean_value = float((value * weight).sum() / weight.sum())

    @property
    def own_colour(self) -> str | None:
        """The name of the colour that the thing has by itself, where one would say it has one."""
        if not self.takes_colour:
            return None
        if self._is_grey:
            return "white" if self._mean_value > 0.85 else "black" if self._mean_value < 0.3 else None
        if self._mean_saturation < 0.4 or self._mean_value < 0.65:
            return None
        hue = self._main % 1
        for name, (first, last) in _OWN_HUES.items():
            if first <= hue <= last or first <= hue + 1 <= last:
                if name == "orange" and (self._mean_value < 0.9 or self._mean_saturation < 0.55):
                    return None
                if name == "red" and self._mean_saturation < _PALE:
                    return "pink"
                return name
        return None

    def dyed(self, picture: np.ndarray, colour: str) -> np.ndarray:
        """The picture [h, w, 4] in another colour; light and shade stay."""
        hue, saturation, value = COLOURS[colour]
        own_hue, own_saturation, own_value = (self._hsv[..., channel] for channel in range(3))
        turned = hue + np.clip(0.3 * _turn(own_hue - self._main), -0.02, 0.02)
        ratio = np.clip(own_value / self._mean_value, 0.3, 1.5) ** 0.8
        if self._is_grey:
            turned = np.full_like(own_hue, hue)
            richer = saturation * np.clip(2.2 - 1.2 * ratio, 0.55, 1.1)
        else:
            richer = saturation * (own_saturation / max(self._mean_saturation, 1e-3)) ** 0.5
        lit = value * ratio
        if colour == "black":
            lit = value * ratio**1.5
        elif colour == "white":
            lit = 1 - 0.5 * np.clip(1.12 - ratio, 0, 1)
        new = _to_rgb(np.stack([turned % 1, np.clip(richer, 0, 1), np.clip(lit, 0, 1)], axis=-1))
        result = picture.copy()
        result[..., :3] += self.share[..., None] * (new - picture[..., :3])
        return result


def _turn(difference: np.ndarray | float) -> np.ndarray | float:
    """A difference of hues in −0.5..0.5."""
    return (difference + 0.5) % 1 - 0.5


def _to_hsv(rgb: np.ndarray) -> np.ndarray:
    largest, smallest = rgb.max(-1), rgb.min(-1)
    spread = largest - smallest
    safe = np.where(spread > 0, spread, 1)
    red, green, blue = (rgb[..., channel] for channel in range(3))
    hue = np.where(
        largest == red,
        (green - blue) / safe % 6,
        np.where(largest == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    saturation = np.where(largest > 0, spread / np.where(largest > 0, largest, 1), 0)
    return np.stack([hue / 6 % 1, saturation, largest], axis=-1).astype(np.float32)


def _to_rgb(hsv: np.ndarray) -> np.ndarray:
    hue, saturation, value = (hsv[..., channel] for channel in range(3))
    offsets = np.array([5.0, 3.0, 1.0], np.float32)
    k = (offsets + 6 * hue[..., None]) % 6
    return value[..., None] * (1 - saturation[..., None] * np.clip(np.minimum(k, 4 - k), 0, 1))
