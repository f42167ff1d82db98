"""Packed models, read by the converter. Needs Node and a built `packages/convert`; skipped without."""

import json
import shutil
import subprocess
import tempfile
import unittest
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.small_models import MAR, RandomLatents, random_autoencoder, random_mar
from train.autoencoder.model import Autoencoder
from train.mar.model import Mar
from train.mar.training import MarLoss
from train.options import OptionError
from train.render import render
from train.safetensors import read_safetensors, write_safetensors
from train.stages.middle import cut_middle
from train.stages.packing import write_model
from train.stages.unpacking import unpack
from train.stages.validating import SHARES, validate_mar
from train.text.model.model import TextModel
from train.text.model.word_pieces import WordPieces
from train.text.place import AUTOENCODER, TextPlace, text_sizes
from train.text.scene.captions import grammar_words
from train.text.stages.packing import pack
from train.text.stages.unpacking import unpack as unpack_text
from train.training.checkpoint import load_checkpoint, save_checkpoint
from train.training.loop import Files, train
from train.training.plan import Plan
from train.workplace import HELD_OUT_SEED, Workplace

HERE = Path(__file__).resolve().parent
CONVERTER = HERE.parents[2] / "packages" / "convert" / "dist" / "index.js"
COMMAND = HERE.parents[2] / "packages" / "cli" / "dist" / "tessera.js"
PIECES = WordPieces.of_words(grammar_words(), 24)


class Safetensors(unittest.TestCase):
    def test_tensors_come_back_rounded_to_the_type_they_are_stored_in(self) -> None:
        tensors = {"a": torch.randn(3, 5), "b.c": torch.randn(1, 1, 7)}
        with tempfile.TemporaryDirectory() as folder:
            for dtype in (torch.float16, torch.float32):
                path = Path(folder) / "x.safetensors"
                write_safetensors(path, tensors, dtype)
                for name, value in read_safetensors(path).items():
                    self.assertTrue(torch.equal(value, tensors[name].to(dtype).float()), name)

    def test_a_number_that_does_not_fit_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.safetensors"
            with self.assertRaises(OverflowError):
                write_safetensors(path, {"a": torch.tensor([1e6])}, torch.float16)
            self.assertFalse(path.exists())


class Unpacking(unittest.TestCase):
    def test_an_unpacked_model_is_the_packed_one_and_can_be_trained_further(self) -> None:
        limits = [1.0 + channel for channel in range(MAR.vae_embed_dim)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", random_mar(), random_autoencoder(), limits)
            place = Workplace(folder / "work", torch.device("cpu"), 1, 0)
            unpack(place, folder / "model")
            self.assertEqual(place.load_limits(), limits)
            for found, packed in (
                (place.load_mar(), random_mar()),
                (place.load_autoencoder(), random_autoencoder()),
            ):
                self.assertEqual(found.config, packed.config)
                for key, value in packed.state_dict().items():
                    self.assertTrue(torch.equal(found.state_dict()[key], value.half().float()), key)
            plan = Plan(batch=4, learning_rate=1e-3, steps=1)
            loss, files = MarLoss(RandomLatents(), 4, 1), Files(place.mar)
            self.assertTrue(train(Mar(MAR), loss, plan, files, settings={}, device=place.device))
            with self.assertRaises(FileExistsError):
                unpack(place, folder / "model")

    def test_validation_finds_the_loss_of_every_share_with_the_same_noise_each_time(self) -> None:
        # A fresh head predicts zero, so that ε's squared error is ε's variance.
        torch.manual_seed(6)
        pixels = np.random.default_rng(1).integers(0, 256, (120, 16, 16, 3), np.uint8)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", Mar(MAR), random_autoencoder(), [1.0] * MAR.vae_embed_dim)
            place = Workplace(folder / "work", torch.device("cpu"), 1, 0)
            unpack(place, folder / "model")
            np.save(place.held_out_pictures, pixels)
            found = []
            for _ in range(2):
                validate_mar(place, count=120)
                found.append(json.loads((place.folder / "report.json").read_text())["validation"])
        self.assertEqual(*found)
        self.assertEqual(list(found[0]["epsilon"]), [f"{share:g}" for share in SHARES])
        for share, loss in found[0]["epsilon"].items():
            self.assertAlmostEqual(loss, 1, delta=0.05, msg=share)

    def test_an_autoencoder_can_be_unpacked_without_a_mar_model(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", random_mar(), random_autoencoder(), [1.0] * MAR.vae_embed_dim)
            (folder / "model" / "mar.safetensors").unlink()
            place = Workplace(folder / "work", torch.device("cpu"), 1, 0)
            unpack(place, folder / "model")
            self.assertEqual(place.load_autoencoder().config, random_autoencoder().config)
            self.assertFalse(place.mar.exists())


class Middle(unittest.TestCase):
    def test_the_middle_of_a_model_has_the_positions_of_its_rows_and_real_pictures_of_its_shape(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", random_mar(), random_autoencoder(), [1.0] * MAR.vae_embed_dim)
            cut_middle(folder / "model", folder / "middle", rows=2, count=13)
            config = json.loads((folder / "middle" / "config.json").read_text())["mar"]
            whole = read_safetensors(folder / "model" / "mar.safetensors")
            cut = read_safetensors(folder / "middle" / "mar.safetensors")
            flowers = sorted((folder / "middle" / "real" / "flower").iterdir())
            picture = np.asarray(Image.open(flowers[0]))
        self.assertEqual((config["seq_h"], config["seq_w"]), (2, 4))
        self.assertEqual([path.name for path in flowers], ["00000.png", "00012.png"])
        # The second of four rows begins behind as many pixels as a token is high.
        token = config["vae_stride"]
        self.assertTrue(np.array_equal(picture, render(HELD_OUT_SEED, 0).pixels[token:-token]))
        for key, value in whole.items():
            expected = value
            if "pos_embed" in key:
                buffer = value.shape[1] - 16
                rows = [*range(buffer), *range(buffer + 4, buffer + 12)]
                expected = value[:, rows]
            self.assertTrue(torch.equal(cut[key], expected), key)

    def test_rows_that_leave_no_middle_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", random_mar(), random_autoencoder(), [1.0] * MAR.vae_embed_dim)
            for rows in (3, 6):
                with self.assertRaisesRegex(OptionError, f"rows {rows}"):
                    cut_middle(folder / "model", folder / "middle", rows, count=2)
            self.assertFalse((folder / "middle").exists())


@unittest.skipUnless(CONVERTER.exists() and shutil.which("node"), "packages/convert isn't built")
class Conversion(unittest.TestCase):
    def test_the_converter_reads_every_key_and_its_graphs_compute_the_same(self) -> None:
        autoencoder, mar = random_autoencoder(), random_mar()
        limits = [1.0 + channel for channel in range(MAR.vae_embed_dim)]
        generator = torch.Generator().manual_seed(4)
        latents = torch.randn(1, MAR.vae_embed_dim, 4, 4, generator=generator)
        picture = torch.rand(1, 3, 16, 16, generator=generator) * 2 - 1
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_model(folder / "model", mar, autoencoder, limits)
            probe = {
                "latents": {"data": latents.flatten().tolist(), "shape": list(latents.shape)},
                "image": {"data": picture.flatten().tolist(), "shape": list(picture.shape)},
            }
            (folder / "probe.json").write_text(json.dumps(probe))
            command = ["node", str(HERE / "convert_packed.mjs"), str(folder)]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = json.loads(done.stdout)
            autoencoder.load_state_dict(read_safetensors(folder / "model" / "vae.safetensors"))
        with torch.no_grad():
            image = autoencoder.decode(latents)
            mean, log_variance = autoencoder.encode(picture)
        torch.testing.assert_close(torch.tensor(found["image"]), image.flatten(), atol=5e-3, rtol=5e-3)
        moments = torch.cat([mean, log_variance], dim=1)
        torch.testing.assert_close(torch.tensor(found["moments"]), moments.flatten(), atol=5e-3, rtol=5e-3)

        manifest = found["manifest"]
        self.assertEqual(manifest["grid"], {"height": 4, "width": 4, "channels": 6})
        self.assertEqual(manifest["sampling"]["clamp"], limits)
        self.assertEqual(manifest["latents"]["scale"], 1)

    def test_a_converted_text_model_comes_back(self) -> None:
        torch.manual_seed(3)
        encoder, mar = text_sizes(PIECES)
        model, autoencoder = TextModel(encoder, mar), Autoencoder(AUTOENCODER)
        with torch.no_grad():
            for value in [*model.parameters(), *autoencoder.parameters()]:
                value += 0.05 * torch.randn_like(value)
        with tempfile.TemporaryDirectory() as name:
            work, converted = Path(name) / "work", Path(name) / "converted"
            place = TextPlace(work, torch.device("cpu"), 1, 0)
            weights = model.state_dict()
            settings = {"text_encoder": asdict(encoder), "mar": asdict(mar)}
            save_checkpoint(place.mar, {"weights": weights, "average": weights, "settings": settings})
            sizes = AUTOENCODER.to_settings()
            save_checkpoint(place.autoencoder, {"weights": autoencoder.state_dict(), "settings": sizes})
            limits = [1.0 + channel for channel in range(AUTOENCODER.z_channels)]
            place.save_limits(limits)
            PIECES.save(place.tokenizer)
            pack(place)
            arguments = ["convert", "model/mar.safetensors", "--vae", "model/vae.safetensors"]
            arguments += ["--config", "model/config.json", "--text", "model", "--dtype", "fp32"]
            command = ["node", COMMAND, *arguments, "--out", converted]
            subprocess.run(command, cwd=work, check=True, capture_output=True, timeout=240)

            other = TextPlace(Path(name) / "other", torch.device("cpu"), 1, 0)
            unpack_text(other, converted, 7)
            self.assertEqual(other.load_limits(), limits)
            self.assertEqual(load_checkpoint(other.mar)["step"], 7)
            with self.assertRaises(FileExistsError):
                unpack_text(other, converted, 7)
            pieces = torch.tensor([PIECES.encode("a fox on snow")])
            tokens, known = torch.randn(1, 64, 64), torch.arange(0, 64, 3)[None]
            wanted = torch.arange(64)[None]
            pictures = torch.randn(2, 3, 32, 32).clamp(-1, 1)

            def outputs(where: TextPlace) -> list[torch.Tensor]:
                found, coder = where.load_text_model(), where.load_autoencoder()
                mean, log_variance = coder.encode(pictures)
                texts = (found.text(pieces), found.mar.no_text(1))
                z = [found.mar.conditions_at(tokens, text, known, wanted) for text in texts]
                noise = found.mar.diffloss.net(tokens[0], torch.arange(64) * 15, z[0][0])
                return [mean, log_variance, coder.decode(mean), *z, noise]

            with torch.no_grad():
                for value, expected in zip(outputs(other), outputs(place)):
                    # Weights are rounded to float16 once.
                    error = (value - expected).norm() / expected.norm()
                    self.assertLess(float(error), 1e-2)


if __name__ == "__main__":
    unittest.main()
