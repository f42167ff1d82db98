"""The text model's form against recorded numbers of the published code, where these are at hand."""

import json
import math
import os
import unittest
from pathlib import Path

import torch

from train.mar.schedule import TRAIN_STEPS
from train.safetensors import read_safetensors
from train.text.model.config import TextMarConfig
from train.text.model.mar import TextMar, every
from train.training import products

GOLDEN = os.environ.get("TESSERA_GOLDEN_TEXT")


@unittest.skipUnless(GOLDEN, "TESSERA_GOLDEN_TEXT names no folder of recorded numbers")
class PublishedNumbers(unittest.TestCase):
    def setUp(self) -> None:
        folder = Path(GOLDEN or "")
        sizes = json.loads((folder / "config.json").read_text())
        self.cases = json.loads((folder / "cases.json").read_text())["cases"]
        self.folder = folder
        self.model = TextMar(
            TextMarConfig(
                vae_embed_dim=sizes["vae_embed_dim"] * sizes.get("patch_size", 1) ** 2,
                patch_size=sizes.get("patch_size", 1),
                side=sizes["seq_h"],
                position_side=math.isqrt(sizes["pos_embed_len"]),
                embed_dim=sizes["encoder_embed_dim"],
                encoder_depth=sizes["encoder_depth"],
                decoder_depth=sizes["decoder_depth"],
                cross_depth=sizes["cross_depth"],
                text_depth=sizes["text_depth"],
                num_heads=sizes["encoder_num_heads"],
                mlp_ratio=sizes["mlp_ratio"],
                caption_channels=sizes["caption_channels"],
                max_length=sizes["max_length"],
                diffloss_d=sizes["diffloss_d"],
                diffloss_w=sizes["diffloss_w"],
                norm_eps=sizes["norm_eps"],
            )
        ).eval()
        # Every name and shape has to be there, and no other.
        self.model.load_state_dict(read_safetensors(folder / "weights.safetensors"))
        # Attention's products would be rounded to bfloat16 where that is faster.
        slow, products.SLOW_BLAS = products.SLOW_BLAS, False
        self.addCleanup(setattr, products, "SLOW_BLAS", slow)
        torch.set_grad_enabled(False)
        self.addCleanup(torch.set_grad_enabled, True)

    def close(self, found: torch.Tensor, expected: torch.Tensor, tolerance: float, name: str) -> None:
        self.assertEqual(found.shape, expected.shape, name)
        self.assertLess(float((found - expected).abs().max()), tolerance, name)

    def test_the_text_is_projected_and_aligned_as_recorded(self) -> None:
        golden = read_safetensors(self.folder / "text.safetensors")
        self.close(self.model.text_emb.text_proj(golden["text"]), golden["text.proj"], 2e-5, "proj")
        for name in ("text", "text_short"):
            self.close(self.model.align(golden[name]), golden[f"{name}.aligned"], 2e-5, name)

    def test_encoder_decoder_and_cross_attention_give_what_is_recorded_on_every_grid(self) -> None:
        texts = read_safetensors(self.folder / "text.safetensors")
        for case in self.cases:
            if case["kind"] != "forward":
                continue
            golden = read_safetensors(self.folder / case["file"])
            tokens, grid = golden["tokens"], (case["seq_h"], case["seq_w"])
            everywhere = every(*tokens.shape[:2], tokens.device)
            for name, expected in golden.items():
                part, _, rest = name.partition(".")
                if part not in ("enc", "dec", "z"):
                    continue
                mask = golden[f"mask.{rest.partition('.')[0]}"]
                hidden = int(mask[0].sum())
                # Visible positions first, each kind in order.
                known = mask.argsort(dim=1, stable=True)[:, : tokens.shape[1] - hidden]
                if part == "enc":
                    self.close(self.model.encode(tokens, known, grid), expected, 3e-5, name)
                elif part == "dec":
                    self.close(self.model.decode(tokens, known, grid), expected, 3e-5, name)
                else:
                    text = rest.partition(".")[2]
                    given = (
                        self.model.no_text(len(tokens)) if text == "null" else self.model.align(texts[text])
                    )
                    z = self.model.conditions_at(tokens, given, known, everywhere, grid)
                    self.close(z, expected, 3e-5, f"{case['file']} {name}")

    def test_the_head_gives_what_is_recorded(self) -> None:
        golden = read_safetensors(self.folder / "denoise.safetensors")
        timesteps = golden["t"].long()
        self.assertLess(int(timesteps.max()), TRAIN_STEPS)
        found = self.model.diffloss.net(golden["x"], timesteps, golden["c"])
        self.close(found, golden["out"], 1e-4, "out")


if __name__ == "__main__":
    unittest.main()
