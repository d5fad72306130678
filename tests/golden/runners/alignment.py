"""The FFHQ crop. Needs no torch."""

import numpy as np

from engine.face.alignment import FfhqAlignment, align_ffhq, steps_of_ffhq
