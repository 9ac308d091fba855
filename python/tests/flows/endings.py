"""How runs end: a sweep in which each run ends in another way, told by the parameter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import besom

ENDS = ["raise", "exit", "kill", "return", "child"]


def train() -> None:
    run = besom.init()
    besom.log({"a": 1})
    run.flush()
    end = run.config.end
    if end == "raise":
        raise ValueError("the loss is gone")
    if end == "exit":
        sys.exit(7)
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if end == "child":
        # Something it leaves behind: it must not outlive the run.
        subprocess.Popen(["sleep", "3600"])
    besom.log({"a": 2})


sweep_id = besom.sweep(
    {"method": "grid", "metric": {"name": "a", "goal": "maximize"}, "parameters": {"end": {"values": ENDS}}},
    project="python",
)
outcomes = besom.agent(sweep_id, train, start_method="fork")
time.sleep(0.2)
ps = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
assert "sleep 3600" not in ps.splitlines()
print(json.dumps({"sweepId": sweep_id, "outcomes": outcomes}))
