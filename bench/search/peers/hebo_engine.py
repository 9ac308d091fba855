"""HEBO by `suggest` and `observe`, with its defaults.

It is not told of trials under way (its interface has no place for them), nor of failed and lost ones. It knows no conditions: every parameter is chosen, and
those that do not exist are dropped. Numeric lists are integers over the list's index.
"""

import numpy
import pandas
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

from protocol import active_values, serve_peer


class Optimizer:
    def __init__(self, space, seed, evaluations, agents):
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.space = space
        self.hebo = HEBO(DesignSpace().parse([describe(parameter) for parameter in space]), scramble_seed=seed)

    def ask(self):
        trial = self.hebo.suggest(n_suggestions=1)
        row = trial.iloc[0]
        values = {each["name"]: read(each, row[each["name"]]) for each in self.space}
        return trial, active_values(self.space, values)

    def tell(self, trial, loss):
        self.hebo.observe(pandas.DataFrame(trial), numpy.array([[loss]]))

    def fail(self, trial):
        pass

    lose = fail


def describe(parameter):
    name, kind = parameter["name"], parameter["kind"]
    if kind == "category":
        return {"name": name, "type": "cat", "categories": list(range(len(parameter["values"])))}
    if kind == "ordinal":
        return {"name": name, "type": "int", "lb": 0, "ub": len(parameter["values"]) - 1}
    kinds = {"float": ("num", "pow"), "integer": ("int", "pow_int")}
    base = {"base": 10} if parameter["log"] else {}
    return {
        "name": name,
        "type": kinds[kind][parameter["log"]],
        "lb": parameter["min"],
        "ub": parameter["max"],
        **base,
    }


def read(parameter, value):
    if parameter["kind"] == "float":
        return float(value)
    return int(round(float(value)))


serve_peer(Optimizer)
