"""Colours: conversion, mixing, and the names that captions use."""

from __future__ import annotations

import colorsys

RGB = tuple[int, int, int]
"""Red, green and blue, 0–255."""

WHITE: RGB = (255, 255, 255)
INK: RGB = (12, 12, 20)

# Upper ends of the hue ranges, as a fraction of the circle.
_HUES = (
    (0.035, "red"),
    (0.11, "orange"),
    (0.18, "yellow"),
    (0.42, "green"),
    (0.51, "teal"),
    (0.68, "blue"),
    (0.81, "violet"),
    (0.95, "pink"),
    (1.0, "red"),
)


def hsv(hue: float, saturation: float, value: float) -> RGB:
    """A colour from hue (a fraction of the circle, wrapped), saturation and value (0–1, clipped)."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return int(red * 255), int(green * 255), int(blue * 255)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """The colour at `share` (0–1) of the way from `first` to `second`."""
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(first, second))
    return red, green, blue


def distance(first: RGB, second: RGB) -> int:
    """Sum of the channels' differences, 0–765."""
    return sum(abs(a - b) for a, b in zip(first, second))


def colour_name(colour: RGB) -> str:
    """The everyday name of a colour: one of eight hues, or white, grey, black, brown."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    if value < 0.22:
        return "black"
    if saturation < 0.16:
        return "white" if value > 0.8 else "grey"
    if value < 0.66 and hue < 0.13 and saturation < 0.75:
        return "brown"
    return next(name for end, name in _HUES if hue <= end)
