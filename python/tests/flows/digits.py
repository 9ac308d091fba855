"""Real training in plain Python: that of examples/digits-python, by besom.init and besom.log instead of arguments."""

from __future__ import annotations

import importlib.util
import os
import random
from pathlib import Path
from types import ModuleType

import besom


def train() -> None:
    run = besom.init(config={"l2": 0.0, "epochs": 2})
    config = run.config
    example = load_example()
    rows = example.load()
    random.Random(1998).shuffle(rows)
    cut = len(rows) * 4 // 5
    learn, held_out = rows[:cut], rows[cut:]
    rng = random.Random(7)
    weights = [[rng.gauss(0, 0.01) for _ in range(65)] for _ in example.CLASSES]
    rate = config.learning_rate
    for epoch in range(1, config.epochs + 1):
        losses = [example.learn(weights, pixels, digit, rate, config.l2) for pixels, digit in learn]
        right = sum(example.guess(weights, pixels) == digit for pixels, digit in held_out)
        besom.log({"loss": sum(losses) / len(losses), "val_accuracy": right / len(held_out)}, step=epoch)
        rate *= config.decay
    print("process", os.getpid(), "group", os.getpgrp())


def load_example() -> ModuleType:
    path = Path(os.environ["EXAMPLES"]) / "digits-python" / "train.py"
    spec = importlib.util.spec_from_file_location("digits_example", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SWEEP = {
    "method": "grid",
    "metric": {"name": "val_accuracy", "goal": "maximize"},
    "parameters": {"learning_rate": {"values": [0.01, 0.1]}, "decay": {"values": [0.8, 1.0]}},
}
