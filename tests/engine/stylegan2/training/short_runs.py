"""Runs of seconds: networks of 16 px, and drawings that end a run or are no numbers from some place on."""

from dataclasses import replace

from engine.stylegan2.training.choices import Augmentation
from engine.stylegan2.training.options import Options, Sizes
from engine.stylegan2.training.run import new_networks, new_run
from engine.stylegan2.training.step import Trainer

SIZES = Sizes(16, 128, 16, 16, 2)
OPTIONS = Options(batch=8, gamma=0.1, ema_kimg=0.1, ema_rampup=0.05, ada_kimg=0.5)
PLAIN = replace(OPTIONS, augmentation=Augmentation.NONE)  # in a third of the time
CYCLE = 0.128  # kimg: 16 steps, all penalties once


def trainer_of(drawings, options, microbatch=8, seed=0) -> Trainer:
    return Trainer(new_run(*new_networks(SIZES, seed), options, microbatch), drawings)


def same(a, b) -> bool:
    return all(x.equal(y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


class Killed(Exception):
    """Stands for a process that ends in the middle."""


class Ending:
    """Drawings that end the process, or are no numbers, from the given one on."""

    def __init__(self, drawings, begin, end=None):
        self.digest, self._drawings, self._begin, self._end = drawings.digest, drawings, begin, end

    def __len__(self):
        return len(self._drawings)

    def shown(self, begin, *others):
        if begin < self._begin:
            return self._drawings.shown(begin, *others)
        if self._end is not None:
            raise self._end
        return self._drawings.shown(begin, *others) * float("nan")
