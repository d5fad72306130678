"""Intake: hostile bytes in, clean arrays out.

Photos and voices come from strangers, and the libraries that decode them are large C programs. They are
decoded in a child process with limits on memory, processor time, files and wall-clock time and with an empty
environment; what comes back through a pipe is checked before it is believed. `Decoder` is all that the rest
of the engine needs; the modules `child`, `photos`, `voices` and `loudness` run in the child.
"""

from engine.intake.decoder import Decoder, DecoderFailed
from engine.intake.limits import Limits

__all__ = ["Decoder", "DecoderFailed", "Limits"]
