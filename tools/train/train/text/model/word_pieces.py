"""Word pieces: a vocabulary from the captions' grammar, in the form of Hugging Face's tokenizers."""

from __future__ import annotations

import json
import string
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from ...training.checkpoint import complete_file

PAD, UNKNOWN, BEGIN, END = range(4)
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_INNER = "##"
_LONGEST_WORD = 100


class WordPieces:
    """Splits text into pieces, the longest first, and numbers them."""

    def __init__(self, vocabulary: Sequence[str], max_length: int) -> None:
        """
        @param vocabulary: pieces, the special ones first; those within a word begin with ##
        @param max_length: how many pieces a text is padded or cut to, the two around it included
        """
        self.vocabulary = tuple(vocabulary)
        self.max_length = max_length
        self._numbers = {piece: number for number, piece in enumerate(self.vocabulary)}

    @classmethod
    def of_words(cls, words: Iterable[str], max_length: int) -> WordPieces:
        """With every word as a piece, and letters and digits for all others."""
        letters = string.ascii_lowercase + string.digits
        pieces = sorted({part for word in words for part in _split(word)} - set(letters))
        alone = [*letters, *string.punctuation]
        inner = [_INNER + each for each in letters]
        return cls([*_SPECIAL, *alone, *inner, *(piece for piece in pieces if piece not in alone)], max_length)

    @classmethod
    def load(cls, path: Path) -> WordPieces:
        """From a file that `save` wrote."""
        content = json.loads(path.read_text())
        numbers: dict[str, int] = content["model"]["vocab"]
        return cls(sorted(numbers, key=numbers.__getitem__), content["truncation"]["max_length"])

    def save(self, path: Path) -> None:
        """Writes a `tokenizer.json`."""
        with complete_file(path) as partial:
            partial.write_text(json.dumps(self.to_json(), indent=1) + "\n")

    def encode(self, text: str, rng: Random | None = None, broken: float = 0.0) -> list[int]:
        """
        Numbers of `max_length` pieces: those of the text between a begin and an end, and padding.

        @param broken: share of the words, chosen by `rng`, to take apart into letters, so that these are learnt too
        """
        found = [BEGIN]
        for word in _split(text):
            if rng is not None and len(word) > 1 and rng.random() < broken:
                found += self._pieces(word, 1)
            else:
                found += self._pieces(word, len(word))
        found = [*found[: self.max_length - 1], END]
        return found + [PAD] * (self.max_length - len(found))

    def _pieces(self, word: str, longest: int) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [UNKNOWN]
        found, start = [], 0
        while start < len(word):
            for end in range(min(len(word), start + longest), start, -1):
                piece = (_INNER if start else "") + word[start:end]
                if piece in self._numbers:
                    found.append(self._numbers[piece])
                    start = end
                    break
            else:
                return [UNKNOWN]
        return found

    def to_json(self) -> dict[str, Any]:
        """As Hugging Face's tokenizers read it."""
        special = [
            {
                "id": number,
                "content": piece,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for number, piece in enumerate(_SPECIAL)
        ]
        ends = {
            name: {"id": name, "ids": [number], "tokens": [name]}
            for name, number in ((_SPECIAL[BEGIN], BEGIN), (_SPECIAL[END], END))
        }

        def around(*sequences: str) -> list[dict[str, Any]]:
            parts: list[dict[str, Any]] = [{"SpecialToken": {"id": _SPECIAL[BEGIN], "type_id": 0}}]
            for kind, name in enumerate(sequences):
                parts += [
                    {"Sequence": {"id": name, "type_id": kind}},
                    {"SpecialToken": {"id": _SPECIAL[END], "type_id": kind}},
                ]
            return parts

        return {
            "version": "1.0",
            "truncation": {
                "direction": "Right",
                "max_length": self.max_length,
                "strategy": "LongestFirst",
                "stride": 0,
            },
            "padding": {
                "strategy": {"Fixed": self.max_length},
                "direction": "Right",
                "pad_to_multiple_of": None,
                "pad_id": PAD,
                "pad_type_id": 0,
                "pad_token": _SPECIAL[PAD],
            },
            "added_tokens": special,
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": around("A"),
                "pair": around("A", "B"),
                "special_tokens": ends,
            },
            "decoder": {"type": "WordPiece", "prefix": _INNER, "cleanup": True},
            "model": {
                "type": "WordPiece",
                "unk_token": _SPECIAL[UNKNOWN],
                "continuing_subword_prefix": _INNER,
                "max_input_chars_per_word": _LONGEST_WORD,
                "vocab": self._numbers,
            },
        }


def _split(text: str) -> list[str]:
    """Words and marks, in lower case without accents."""
    # In BertNormalizer's order: accents go before capitals.
    plain = "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn")
    words: list[str] = []
    open_word = False
    for each in plain.lower():
        if each.isspace():
            open_word = False
        elif each in string.punctuation or unicodedata.category(each).startswith("P"):
            words.append(each)
            open_word = False
        elif unicodedata.category(each).startswith("C"):
            continue
        elif open_word:
            words[-1] += each
        else:
            words.append(each)
            open_word = True
    return words
