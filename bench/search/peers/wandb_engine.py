"""The engine that W&B's server runs, from the PyPI package `sweeps`: method bayes with its defaults.

Runs are kept as W&B keeps them: running ones count as pending, failed ones are told as `failed` and lost ones as `crashed`, and both get the
worst value seen (`impute: worst`, its default). It knows no conditions: every parameter is chosen, and those that do not exist are dropped.
"""

import numpy
from sweeps import RunState, SweepRun, next_run

from protocol import active_values, serve_peer


class Sweep:
    def __init__(self, space, seed, evaluations, agents):
        numpy.random.seed(seed)
        self.space = space
        self.runs = []
        self.config = {
            "method": "bayes",
            "metric": {"name": "loss", "goal": "minimize"},
            "parameters": {parameter["name"]: describe(parameter) for parameter in space},
        }

    def ask(self):
        run = next_run(self.config, self.runs)
        run.state = RunState.running
        self.runs.append(run)
        return run, active_values(self.space, {each["name"]: read(each, run.config) for each in self.space})

    def tell(self, run, loss):
        run.summary_metrics = {"loss": loss}
        run.history = [{"loss": loss}]
        run.state = RunState.finished

    def fail(self, run):
        run.state = RunState.failed

    def lose(self, run):
        run.state = RunState.crashed


def describe(parameter):
    if "values" in parameter:
        return {"values": parameter["values"]}
    kinds = {"float": ("uniform", "log_uniform_values"), "integer": ("int_uniform", "q_log_uniform_values")}
    return {
        "distribution": kinds[parameter["kind"]][parameter["log"]],
        "min": parameter["min"],
        "max": parameter["max"],
    }


def read(parameter, config):
    value = config[parameter["name"]]["value"]
    return parameter["values"].index(value) if "values" in parameter else value


serve_peer(Sweep)
