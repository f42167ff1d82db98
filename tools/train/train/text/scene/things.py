"""The things that scenes show, and the files that hold their pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LIST = Path(__file__).with_name("things.txt")
_PICTURES = "@lobehub/fluent-emoji-3d/assets"
_LABELS = "emojibase-data/en/data.json"

_PLURALS = {
    "wolf": "wolves",
    "mouse": "mice",
    "computer mouse": "computer mice",
    "deer": "deer",
    "fish": "fish",
    "sheep": "sheep",
    "shrimp": "shrimp",
    "bunch of grapes": "bunches of grapes",
    "knife": "knives",
    "die": "dice",
    "loaf of bread": "loaves of bread",
    "cactus": "cacti",
    "box of fries": "boxes of fries",
    "box of popcorn": "boxes of popcorn",
    "broccoli": "broccoli",
    "garlic": "garlic",
    "pair of jeans": "pairs of jeans",
    "octopus": "octopuses",
    "cup with a straw": "cups with straws",
    "bow and arrow": "bows and arrows",
    "snowman": "snowmen",
    "maple leaf": "maple leaves",
    "jellyfish": "jellyfish",
    "pufferfish": "pufferfish",
    "scarf": "scarves",
}


@dataclass(frozen=True)
class Thing:
    """One thing."""

    label: str
    """In emojibase-data."""
    names: tuple[str, ...]
    """The first is the usual one."""

    @property
    def name(self) -> str:
        """The usual name."""
        return self.names[0]


def plural(name: str) -> str:
    """The plural of a name: of what comes before "of", where there is one."""
    if name in _PLURALS:
        return _PLURALS[name]
    head, of, rest = name.partition(" of ")
    if head.endswith(("s", "x", "ch", "sh")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou-":
        head = head[:-1] + "ies"
    elif head.endswith(("potato", "tomato", "tornado", "volcano")):
        head += "es"
    else:
        head += "s"
    return head + of + rest


@lru_cache(maxsize=1)
def things() -> tuple[Thing, ...]:
    """All things, in the order of the list; a thing's place is its class."""
    found = []
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, _, names = line.partition(": ")
            found.append(Thing(label, tuple((names or label).lower().split(", "))))
    return tuple(found)


def picture_files(packages: Path) -> list[Path]:
    """
    The picture of every thing, in their order.

    @param packages: the folder `node_modules` with both packages
    @raises FileNotFoundError that names what is missing
    """
    codes = {
        entry["label"]: entry["hexcode"].lower() for entry in json.loads((packages / _LABELS).read_text())
    }
    folder = packages / _PICTURES
    files = []
    for thing in things():
        code = codes.get(thing.label, "")
        spellings = (code, f"{code}-fe0f", code.replace("-fe0f", ""))
        file = next((path for path in (folder / f"{each}.webp" for each in spellings) if path.exists()), None)
        if file is None:
            raise FileNotFoundError(f"There is no picture of “{thing.label}” in {folder}.")
        files.append(file)
    return files
