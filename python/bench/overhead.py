"""What a function agent costs each run: from the claim to the function, and from its end to the next claim.

Arguments: how many runs, then ways to start: spawn, forkserver, fork, thread.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import trivial

import besom
from besom._desk import Desk

asked: list[float] = []
answered: list[float] = []
claim = Desk.claim


def timed(self: Desk, *given: Any) -> Any:
    asked.append(time.time())
    answer = claim(self, *given)
    answered.append(time.time())
    return answer


Desk.claim = timed  # type: ignore[method-assign]


def measure(how: str, runs: int) -> str:
    asked.clear()
    answered.clear()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NOTES"] = f"{folder}/notes"
        config = {
            "method": "grid",
            "metric": {"name": "a", "goal": "minimize"},
            "parameters": {"x": {"values": list(range(runs))}},
        }
        sweep_id = besom.sweep(config, project="bench")
        method = None if how == "thread" else how
        outcomes = besom.agent(sweep_id, trivial.train, in_process=how == "thread", start_method=method)
        assert outcomes == {"finished": runs}, outcomes
        notes = [tuple(map(float, line.split())) for line in Path(os.environ["NOTES"]).read_text().splitlines()]
    # The first run of each has warm-up costs of its own.
    begins = [begin - before for before, (begin, _) in zip(answered, notes)]
    ends = [after - end for (_, end), after in zip(notes, asked[1:])]
    claims = [after - before for before, after in zip(asked, answered)]
    total = (notes[-1][1] - notes[0][1]) / (runs - 1)
    cells = [statistics.median(sample[1:runs]) * 1000 for sample in (begins, ends, claims)]
    return f"{how:<10}  {total * 1000:6.0f} ms  {cells[0]:6.0f} ms  {cells[1]:6.0f} ms  {cells[2]:6.0f} ms"


if __name__ == "__main__":
    runs, ways = int(sys.argv[1]), sys.argv[2:]
    lines = [measure(how, runs) for how in ways]
    print("way         per run    claim->start  exit->claim  claim (medians)")
    print("\n".join(lines))
