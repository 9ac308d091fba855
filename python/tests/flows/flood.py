"""Many points in little time; the arguments are how many, and where they are logged: alone or agent."""

from __future__ import annotations

import json
import sys
import time

import besom

count, where = int(sys.argv[1]), sys.argv[2]


def flood() -> None:
    run = besom.init(project="python")
    print("run", run.id, flush=True)
    start, own = time.perf_counter(), time.thread_time()
    for i in range(count):
        besom.log({"i": i, "half": i / 2, "odd": float("nan") if i % 2 else i})
        if i % 2000 == 0:
            time.sleep(0.05)
    seconds, own = time.perf_counter() - start, time.thread_time() - own
    before = time.perf_counter()
    run.finish()
    flushed = time.perf_counter() - before
    print(json.dumps({"usOwn": own / count * 1e6, "seconds": seconds, "finishSeconds": flushed}), flush=True)


if where == "alone":
    flood()
else:
    config = {"method": "grid", "metric": {"name": "i", "goal": "maximize"}, "parameters": {"a": {"values": [1]}}}
    print(besom.agent(besom.sweep(config, project="python"), flood))
