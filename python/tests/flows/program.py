"""A program for `besom agent`: arguments from the command line, metrics by besom.log."""

from __future__ import annotations

import argparse

import besom

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
args = parser.parse_args()
run = besom.init(config=args)
assert run.config.lr == args.lr
for i in range(1, 3001):
    besom.log({"loss": run.config.lr / i})
    if i % 500 == 0:
        print(".", end="")
run.summary["done"] = True
