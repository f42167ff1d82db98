"""Packed models, read by the converter. Needs Node and a built `packages/convert`; skipped without."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from tests.small_models import MAR, RandomLatents, random_autoencoder, random_mar
from train.mar.model import Mar
from train.mar.training import MarLoss
from train.safetensors import read_safetensors, write_safetensors
from train.stages.packing import write_model
from train.stages.unpacking import unpack
from train.stages.validating import SHARES, validate_mar
from train.training.loop import Files, train
from train.training.plan import Plan
from train.workplace import Workplace

HERE = Path(__file__).resolve().parent
CONVERTER = HERE.parents[2] / "packages" / "convert" / "dist" / "index.js"


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


if __name__ == "__main__":
    unittest.main()
