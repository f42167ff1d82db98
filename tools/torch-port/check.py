"""Replays recorded runs: `python3 check.py FOLDER`, a folder of golden data with config.json and cases.json.

Prints a line a case with its largest error; exit status 1 if one is beyond its tolerance.
"""

import json
import os
import sys

import torch

from mar import load_mar
from safetensors_file import read_safetensors
from sampling import condition, generate, linear_scale

FORWARD_TOLERANCE, GENERATE_TOLERANCE = 2e-5, 2e-3


def largest_error(actual, expected):
    return (actual - expected).abs().max().item()


@torch.no_grad()
def check_forward(model, data):
    error = 0.0
    for name, masked in data.items():
        kind, _, mask = name.partition(".")
        key = f"z.{mask}.class"
        if kind == "mask" and key in data:
            z = condition(model, data["tokens"], masked.bool(), data["labels"].tolist(), False)
            error = max(error, largest_error(z, data[key]))
    return error


def check_generate(model, case, data, pool):
    batch = torch.arange(2)[:, None]
    plans = [
        [
            ("generation", order[each["masked_after"] if i + 1 < len(case["iterations"]) else 0 : each["masked_before"]]
             .long().sort().values, int(case["respacing"]))
            for i, each in enumerate(case["iterations"])
        ]
        for order in data["orders"]
    ]

    def noise(positions, step, rows):
        drawn = (pool["init"] if step == 0 else pool["cond"][step - 1])[batch, positions].flatten(0, 1)
        # The unconditional half's noise has no influence.
        return drawn if rows == len(drawn) else torch.cat([drawn, torch.zeros_like(drawn)])

    def guidance(masked_after):
        if case["cfg_schedule"] == "constant":
            return case["cfg"]
        return linear_scale(case["cfg"], model.length, masked_after)

    labels = case["labels"] or [None, None]
    tokens, _ = generate(model, labels, plans, guidance=guidance, noise=noise, temperature=case["temperature"])
    return largest_error(tokens, data["tokens"])


def main(folder):
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)["cases"]
    model = load_mar(folder, "weights.safetensors")
    failed = 0
    for case in cases:
        if case["kind"] not in ("forward", "generate"):
            continue
        data = read_safetensors(os.path.join(folder, case["file"]))
        if case["kind"] == "forward":
            error, tolerance = check_forward(model, data), FORWARD_TOLERANCE
        else:
            pool = read_safetensors(os.path.join(folder, case["noise"]))
            error, tolerance = check_generate(model, case, data, pool), GENERATE_TOLERANCE
        passed = error <= tolerance
        failed += not passed
        print(f"{'passed' if passed else 'FAILED'}  {case['file']}: {error:.2e} (tolerance {tolerance:.0e})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
