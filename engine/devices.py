"""Where networks compute, and what they say when memory does not suffice. For modules that need torch."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def best_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def memory_told() -> Iterator[None]:
    """Raise MemoryError where torch has errors of its own for it, so that engine/together.py tries halves."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise MemoryError(str(error)) from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # what the allocator of the processor says
            raise
        raise MemoryError(str(error)) from error


def memory_given_back() -> None:
    """Give freed memory back to the system, between networks that take much of it one after the other.

    glibc keeps what was freed in pieces under 32 MB: a network's maps, on top of which the next one's come.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:  # other C libraries have none
        trim(0)
