"""A run whose page has something to say: two mistakes, what it ran on, what its machine did."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import besom

QUERY = """query ($id: ID!) { run(id: $id) {
  state stateReason warnings { code message attempt } system { key times values }
  attempts { number slot command resumedFromStep facts } } }"""


def train() -> None:
    run = besom.init()
    assert run.config.lr == 0.1
    assert run.checkpoint_dir is not None
    saved = Path(run.checkpoint_dir) / "saved"
    if run.attempt == 1:
        saved.write_text("3")
        for i in range(8):
            besom.log({"b": i})
        run.flush()
        run.mark_preempting()
        os._exit(1)
    run.resumed_from(int(saved.read_text()))
    besom.log({"b": 2})
    saved.unlink()
    time.sleep(2.5)


sweep_id = besom.sweep(
    {
        "method": "grid",
        "metric": {"name": "a", "goal": "maximize"},
        "parameters": {"lr": {"values": [0.1]}, "lrate": {"value": 1}},
    },
    project="python",
)
outcomes = besom.agent(sweep_id, train)
assert not Path(".besom").exists()
(run,) = besom.Api().sweep(sweep_id).runs()
steps = [(row["_step"], row["b"]) for row in run.scan_history()]
print(json.dumps({"outcomes": outcomes, "steps": steps, **besom.graphql(QUERY, {"id": run.id})}))
