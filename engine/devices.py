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
def exact_float32() -> Iterator[None]:
    """Let a GPU's convolutions take float32 as it is, in the fastest way that it finds for each size.

    PyTorch lets them round to TF32, which has ten binary digits: too few for gradients of gradients, and for
    steps of 1e-4 in W. (Its products of matrices are exact already.) The ways are tried out at first use,
    which pays where the same sizes come again and again.
    """
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
        yield


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


_M_MMAP_THRESHOLD = -3  # of mallopt(3)
_APART = 4 << 20  # bytes


def large_memory_apart() -> None:
    """Let this process give blocks of memory from 4 MB on back to the system as soon as they are freed.

    glibc otherwise raises that size up to 32 MB by itself, and the maps of a network, freed among what stays,
    leave holes: over 110 MB of 1520 when a photo is toonified. It costs half a second of one core.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:  # other C libraries have none
        set_option(_M_MMAP_THRESHOLD, _APART)
