"""A training function that does nearly nothing, and notes when."""

from __future__ import annotations

import os
import time

import besom


def train() -> None:
    start = time.time()
    besom.init()
    besom.log({"a": besom.config.x})
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{start} {time.time()}\n")
