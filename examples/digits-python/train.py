"""Softmax regression on handwritten digits in plain Python: no packages, one line of JSON an epoch."""

import argparse
import json
import math
import pathlib
import random

DATA = pathlib.Path(__file__).resolve().parent.parent / "digits" / "data" / "digits.csv"
CLASSES = range(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=1.0, help="learning rate factor after each epoch")
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()

    rows = load()
    random.Random(1998).shuffle(rows)
    cut = len(rows) * 4 // 5
    train, held_out = rows[:cut], rows[cut:]
    rng = random.Random(args.seed)
    weights = [[rng.gauss(0, 0.01) for _ in range(65)] for _ in CLASSES]
    rate = args.learning_rate
    for epoch in range(1, args.epochs + 1):
        rng.shuffle(train)
        loss = sum(learn(weights, pixels, digit, rate, args.l2) for pixels, digit in train) / len(train)
        right = sum(guess(weights, pixels) == digit for pixels, digit in held_out)
        print(json.dumps({"step": epoch, "loss": loss, "val_accuracy": right / len(held_out)}), flush=True)
        rate *= args.decay


def load() -> list[tuple[list[float], int]]:
    """Rows of 64 pixels scaled to 0..1 with a constant 1 behind them, and the digit."""
    rows = []
    for line in DATA.read_text().splitlines():
        *pixels, digit = map(int, line.split(","))
        rows.append(([value / 16 for value in pixels] + [1.0], digit))
    return rows


def probabilities(weights: list[list[float]], pixels: list[float]) -> list[float]:
    scores = [sum(map(float.__mul__, row, pixels)) for row in weights]
    top = max(scores)
    exps = [math.exp(score - top) for score in scores]
    total = sum(exps)
    return [value / total for value in exps]


def learn(weights: list[list[float]], pixels: list[float], digit: int, rate: float, l2: float) -> float:
    """One step of stochastic gradient descent; returns the cross-entropy before it."""
    chances = probabilities(weights, pixels)
    for c in CLASSES:
        step = rate * (chances[c] - (c == digit))
        shrink = 1 - rate * l2
        weights[c] = [w * shrink - step * x for w, x in zip(weights[c], pixels)]
    return -math.log(max(chances[digit], 1e-300))


def guess(weights: list[list[float]], pixels: list[float]) -> int:
    chances = probabilities(weights, pixels)
    return chances.index(max(chances))


if __name__ == "__main__":
    main()
