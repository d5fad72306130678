"""A .tflite model run by ai-edge-litert."""

import logging
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.arrays import FloatMap

log = logging.getLogger(__name__)

THREADS = 2  # more do not help models of a few ms


class Model:
    """A model with one float32 input; not safe for two threads at once.

    Parameters
    ----------
    source : path of a .tflite file, or its bytes
    """

    def __init__(self, source: Path | bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.1 s: only where a model is used

        content = source if isinstance(source, bytes) else source.read_bytes()
        with _greeting_to_the_log():
            self._interpreter = Interpreter(model_content=content, num_threads=THREADS)
            self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self.input_shape: tuple[int, ...] = tuple(int(n) for n in self._input["shape"])

    def __call__(self, values: FloatMap) -> list[FloatMap]:
        """Run the model on values of `input_shape`; gives its outputs in the model's own order."""
        self._interpreter.set_tensor(self._input["index"], values.astype(np.float32, copy=False))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output["index"]) for output in self._outputs]


@contextmanager
def _greeting_to_the_log() -> Generator[None]:
    """Send what LiteRT's native code prints while a model is loaded to the log; it has no switch for that."""
    shown = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                log.debug("LiteRT: %s", line)
