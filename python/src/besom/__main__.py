"""``python -m besom`` is the command ``besom``."""

from ._cli import run

run()
