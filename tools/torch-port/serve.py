"""Times this port on request: `python3 serve.py FOLDER THREADS`.

The folder holds config.json and mar.safetensors. Prints {"ready": …} once loaded; then, for each JSON line on stdin,
{"policy": {…}, "guidanceScale": 2.9, "seed": 1, "batch": 1}, one JSON line {"seconds", "headEvaluations", "finite"} for the whole batch.
"""

import json
import sys
import time

import torch

import matrix_products
from mar import load_mar
from plans import plan_for
from sampling import generate, linear_scale


def main(folder, threads):
    torch.set_num_threads(threads)
    model = load_mar(folder)
    answer({"ready": True, "torch": torch.__version__, "products": matrix_products.name(), "threads": threads})
    for line in sys.stdin:
        request = json.loads(line)
        policy, scale = request["policy"], request["guidanceScale"]
        torch.manual_seed(request["seed"])
        plans = [plan_for(policy, model) for _ in range(request["batch"])]
        began = time.perf_counter()
        tokens, evaluations = generate(
            model,
            [0] * len(plans),
            plans,
            guidance=lambda masked_after: linear_scale(scale, model.length, masked_after),
            fts=policy.get("fts", False),
        )
        seconds = time.perf_counter() - began
        answer({"seconds": seconds, "headEvaluations": evaluations, "finite": bool(tokens.isfinite().all())})


def answer(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
