"""Character and motion become frames."""

from engine.talking.warp import CLOSED, Puppet, opening

__all__ = ["CLOSED", "Puppet", "opening"]
