"""A sweep of real training by a function agent, and its results by the API. Argument: spawn, fork or thread."""

from __future__ import annotations

import json
import math
import sys

import digits

import besom

how = sys.argv[1]


def own_train() -> None:
    digits.train()


sweep_id = besom.sweep(digits.SWEEP, project="python")
function = own_train if how == "fork" else digits.train
outcomes = besom.agent(sweep_id, function, in_process=how == "thread")
assert besom.run is None, "nothing of the sweep is left behind"

api = besom.Api()
sweep = api.sweep(sweep_id)
assert sweep.state == "finished" and sweep.expected_run_count == 4, sweep
runs = sweep.runs(order="best")
best = sweep.best_run()
assert best is not None and best.id == runs[0].id and best.objective == runs[0].objective
values = [run.objective for run in runs]
assert values == sorted(values, key=lambda value: -(value or 0)), values
assert (best.objective or 0) > 0.8, best.objective
matters = sweep.importance(unfinished="worst", filters={"field": "state", "op": "eq", "value": "finished"})
assert matters["runs"] == len([run for run in runs if run.state == "finished"]), matters
assert matters["method"] == "forest" and {"warnings", "pairs", "left_out"} <= matters.keys(), matters
assert api.importance(sweep.path, "loss", stat="min")["needed"] == 10
try:
    sweep.importance(method="forest", quantile=0.2)
    raise AssertionError("a quantile beside the forest")
except besom.BesomError as error:
    assert error.code == "BAD_INPUT" and "quantile" in str(error), error
slow = sweep.runs(filters={"param": "learning_rate", "op": "lt", "value": 0.05}, order=["-ordinal"])
assert [run.config["learning_rate"] for run in slow] == [0.01, 0.01]
rows = list(best.scan_history())
assert [row["_step"] for row in rows] == [1, 2], rows
assert rows[-1]["val_accuracy"] == best.summary["val_accuracy"]
frame = best.history(pandas=False)
assert [row["loss"] for row in frame] == [row["loss"] for row in rows]
printed = [piece["text"] for piece in best.output()]
assert (len(printed) == 1 and printed[0].startswith("process ")) == (how != "thread"), printed
assert math.isfinite(rows[0]["loss"])
same = api.run(f"python/{best.name}")
assert same.id == best.id and api.run(sweep.path.rsplit("/", 1)[0] + f"/{best.name}").id == best.id
assert sweep_id in [one.id for one in api.sweeps("python")]
assert best.id in [one.id for one in api.runs("python", filters={"field": "state", "op": "eq", "value": "finished"})]
viewer = besom.graphql("{ viewer { name } }")["viewer"]["name"]
print(json.dumps({"sweepId": sweep_id, "outcomes": outcomes, "best": best.objective, "viewer": viewer}))
