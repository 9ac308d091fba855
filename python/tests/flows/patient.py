"""A run that goes on until it is told to stop, and then saves; the argument says how the function is called."""

from __future__ import annotations

import json
import os
import sys
import time

import besom

how = sys.argv[1]


def train() -> None:
    run = besom.init()
    print("run", run.id, run.attempt, os.getpid(), flush=True)
    try:
        for step in range(100_000):
            besom.log({"a": step})
            time.sleep(0.01)
    except besom.RunStopped as stopped:
        besom.log({"saved": 1})
        print(f"saved: {stopped}", flush=True)
        raise


sweep_id = os.environ.get("SWEEP") or besom.sweep(
    {"method": "grid", "metric": {"name": "a", "goal": "maximize"}, "parameters": {"x": {"values": [1]}}},
    project="python",
)
print("sweep", sweep_id, flush=True)
outcomes = besom.agent(sweep_id, train, in_process=how == "thread")
print(json.dumps({"outcomes": outcomes}))
