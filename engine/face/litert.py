"""A .tflite model run by ai-edge-litert."""

from pathlib import Path

import numpy as np

from engine.arrays import FloatMap

THREADS = 2  # more do not help models of a few ms


class Model:
    """A model with one float32 input; not safe for two threads at once.

    Parameters
    ----------
    source : path of a .tflite file, or its bytes
    """

    def __init__(self, source: Path | bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.1 s: only where a model is used

        if isinstance(source, bytes):
            self._interpreter = Interpreter(model_content=source, num_threads=THREADS)
        else:
            self._interpreter = Interpreter(str(source), num_threads=THREADS)
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self.input_shape: tuple[int, ...] = tuple(int(n) for n in self._input["shape"])

    def __call__(self, values: FloatMap) -> list[FloatMap]:
        """Run the model on values of `input_shape`; gives its outputs in the model's own order."""
        self._interpreter.set_tensor(self._input["index"], values.astype(np.float32, copy=False))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output["index"]) for output in self._outputs]
