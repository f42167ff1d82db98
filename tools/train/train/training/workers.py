"""Several single-threaded processes that train one model together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import multiprocessing, nn

from .device import keep_memory


class Exchange:
    """
    Shared memory in which `workers` processes average their gradients.

    Every worker adds in the same order, hence all hold the same weights, bit for bit.
    """

    def __init__(self, workers: int, parameters: int) -> None:
        self.workers = workers
        self._gradients = torch.zeros(workers, parameters).share_memory_()
        self._value = torch.zeros(1, dtype=torch.float64).share_memory_()
        self._barrier = multiprocessing.get_context("spawn").Barrier(workers)

    def average(self, worker: int, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces each worker's gradients by the mean over workers. All have to call it."""
        mine = self._gradients[worker]
        for parameter, (start, end) in zip(parameters, _spans(parameters)):
            if parameter.grad is None:
                mine[start:end].zero_()
            else:
                mine[start:end].copy_(parameter.grad.flatten())
        self._barrier.wait()
        mean = self._gradients.mean(0)
        # Nobody may write the next gradients before all have read these.
        self._barrier.wait()
        for parameter, (start, end) in zip(parameters, _spans(parameters)):
            parameter.grad = mean[start:end].view_as(parameter)

    def divide(
        self,
        worker: int,
        values: Sequence[torch.Tensor],
        work: Callable[[torch.Tensor], torch.Tensor],
    ) -> list[torch.Tensor]:
        """
        `work` of every value, which keeps its shape; each is worked on by one worker. All have to call it with
        the same values, no more of them in all than parameters.
        """
        shared = [self._gradients[0][start:end] for start, end in _spans(values)]
        by_size = sorted(range(len(values)), key=lambda index: values[index].numel())
        for index in by_size[worker :: self.workers]:
            shared[index].copy_(work(values[index]).flatten())
        self._barrier.wait()
        results = [part.view_as(value).clone() for part, value in zip(shared, values)]
        self._barrier.wait()
        return results

    def agree(self, worker: int, value: float) -> float:
        """Worker 0's value, for all. All have to call it."""
        if worker == 0:
            self._value[0] = value
        self._barrier.wait()
        agreed = float(self._value[0])
        self._barrier.wait()
        return agreed

    def abort(self) -> None:
        """Lets the other workers fail instead of wait for one that is gone."""
        self._barrier.abort()


def _spans(parameters: Sequence[torch.Tensor]) -> list[tuple[int, int]]:
    spans, start = [], 0
    for parameter in parameters:
        spans.append((start, start + parameter.numel()))
        start += parameter.numel()
    return spans


def run_workers(workers: int, parameters: int, body: Callable[..., None], *arguments: Any) -> None:
    """
    Runs `body(worker, exchange, *arguments)` in `workers` processes with one thread each, worker 0 in this one,
    and waits for all. `exchange` has room for the gradients of `parameters` numbers; a single worker needs none.

    @raises RuntimeError if another worker fails
    """
    exchange = Exchange(workers, parameters) if workers > 1 else None
    torch.set_num_threads(1)
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_guarded, args=(body, worker, exchange, *arguments), daemon=True)
        for worker in range(1, workers)
    ]
    for process in others:
        process.start()
    _guarded(body, 0, exchange, *arguments)
    for process in others:
        process.join()
        if process.exitcode:
            raise RuntimeError(f"A worker ended with exit code {process.exitcode}; its error is above.")


def _guarded(body: Callable[..., None], worker: int, exchange: Exchange | None, *arguments: Any) -> None:
    torch.set_num_threads(1)
    keep_memory()
    try:
        body(worker, exchange, *arguments)
    except BaseException:
        if exchange:
            exchange.abort()
        raise
