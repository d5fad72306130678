"""The processes of a run: one alone, or several that `torchrun` started.

Each computes gradients of its microbatches, then all add them up. torch's DistributedDataParallel does not
support `torch.autograd.grad`, which R1 and path length are made of; so the sum is ours, by the same
collective operation.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Team:
    """Who this process is.

    Attributes
    ----------
    rank : 0 writes the files
    size : processes
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def share(self, count: int) -> range:
        """Which of `count` microbatches are this process' own."""
        return range(self.rank, count, self.size)

    @torch.no_grad()
    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor (float32) by its sum over all processes."""
        if self.size == 1:
            return
        together = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(together)
        begin = 0
        for tensor in tensors:
            tensor.copy_(together[begin : begin + tensor.numel()].view_as(tensor))
            begin += tensor.numel()

    def any(self, mine: bool) -> bool:
        """Whether it is true of any process."""
        if self.size == 1:
            return mine
        flag = torch.tensor(float(mine), device=self.device)
        dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag)

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def team_of_environment() -> Iterator[Team]:
    """Join the processes that torchrun's environment variables name; alone without them."""
    cuda = torch.cuda.is_available()
    size = int(os.environ.get("WORLD_SIZE", "1"))
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    if size == 1:
        yield Team(device=device)
        return
    # with its device named, NCCL takes its memory now and not when the networks have filled it
    dist.init_process_group("nccl" if cuda else "gloo", device_id=device if cuda else None)
    try:
        yield Team(dist.get_rank(), size, device)
    finally:
        dist.destroy_process_group()
