"""A sweep is paused, resumed, stopped, canceled; what is wrong says so."""

from __future__ import annotations

import besom
from besom import BesomError

CONFIG = {
    "method": "random",
    "metric": {"name": "a", "goal": "minimize"},
    "parameters": {"x": {"min": 0.0, "max": 1.0}},
}


def train() -> None:
    besom.init()
    besom.log({"a": besom.config.x})


assert besom.login(key="without effect")
api = besom.Api()
sweep = api.sweep(besom.sweep(CONFIG, project="python", name="controls"))
assert (sweep.name, sweep.state, sweep.expected_run_count) == ("controls", "pending", None)
besom.agent(sweep.path, train, count=2)
assert sweep.counts["finished"] == 2
assert sweep.pause().state == "paused"
assert sweep.resume().state == "running"
assert sweep.stop().state == "finished"
assert sweep.resume().refresh().state == "running"
assert sweep.cancel().state == "canceled"
for wrong, code in (
    (lambda: besom.sweep({"method": "grid"}, project="python"), "CONFIG_INVALID"),
    (lambda: besom.agent("zzzzzzzz", train), "NOT_FOUND"),
    (lambda: api.sweep("zzzzzzzz"), "NOT_FOUND"),
    (lambda: api.run("python/none-such"), "NOT_FOUND"),
    (lambda: besom.agent(sweep.id, train), "SWEEP_NOT_RUNNING"),
    (lambda: sweep.pause(), "ILLEGAL_MOVE"),
    (lambda: besom.Api(key="besom-wrong").sweep(sweep.id), "UNAUTHENTICATED"),
):
    try:
        wrong()
    except BesomError as error:
        assert error.code == code, (error.code, code)
    else:
        raise AssertionError(code)
print("{}")
