"""Options: their ranges, and what a training that goes on makes of them."""

import argparse
import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import torch

from train import __main__ as command
from train.options import OptionError, assert_shared, positive, whole
from train.stages import mar
from train.workplace import Workplace


def refusal(*words: str) -> str:
    """What the command line says before it ends."""
    said = io.StringIO()
    with (
        mock.patch("sys.argv", ["train", *words]),
        contextlib.redirect_stderr(said),
        contextlib.suppress(SystemExit),
    ):
        command.main()
    return said.getvalue()


class Ranges(unittest.TestCase):
    def test_a_number_is_in_its_range_or_refused(self) -> None:
        self.assertEqual(whole(1, 24, multiple_of=12)("24"), 24)
        for wrong in ("0", "12.5", "-12", "13", "36", "x", ""):
            with self.assertRaises(argparse.ArgumentTypeError):
                whole(1, 24, multiple_of=12)(wrong)
        self.assertEqual(positive("0.1"), 0.1)
        for wrong in ("0", "-1", "nan", "inf", "x"):
            with self.assertRaises(argparse.ArgumentTypeError):
                positive(wrong)

    def test_the_command_line_refuses_what_no_stage_can_do(self) -> None:
        for words in (
            ("sample", "--count", "100"),
            ("validate", "--count", "0"),
            ("validate", "--count", "6001"),
            ("mar", "--workers", "0"),
            ("mar", "--minutes", "0"),
        ):
            self.assertIn(f"argument {words[1]}", refusal(*words), words)
        for words in (("mar", "--steps", "0"), ("validate", "--count", "4001"), ("score", "--prompts", "1")):
            self.assertIn(f"argument {words[1]}", refusal("text", *words), words)

    def test_a_batch_is_shared_evenly(self) -> None:
        assert_shared(32, 4)
        with self.assertRaisesRegex(OptionError, "--workers 1, 2, 4, 8, 16, 32"):
            assert_shared(32, 3)
        with tempfile.TemporaryDirectory() as folder:
            words = ("mar", "--workers", "3", "--device", "cpu", "--work", folder)
            self.assertIn("A batch of 32 can't be shared by 3 workers", refusal(*words))


class Start(unittest.TestCase):
    def test_a_training_that_goes_on_does_not_read_the_file_and_says_so(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Workplace(Path(folder), torch.device("cpu"), 1, 0)
            torch.save({"step": 3, "minutes": 0.5}, place.mar)
            said = io.StringIO()
            with mock.patch.object(mar, "run_workers") as run, contextlib.redirect_stdout(said):
                mar.train_mar(place, steps=3, start=Path("begin.safetensors"))
            self.assertIsNone(run.call_args.args[-1])
            self.assertIn("begin.safetensors is for a new training and not read", said.getvalue())

    def test_a_new_training_reads_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Workplace(Path(folder), torch.device("cpu"), 1, 0)
            with mock.patch.object(mar, "run_workers") as run, contextlib.suppress(FileNotFoundError):
                mar.train_mar(place, steps=3, start=Path("begin.safetensors"))
            self.assertEqual(run.call_args.args[-1], Path("begin.safetensors"))


if __name__ == "__main__":
    unittest.main()
