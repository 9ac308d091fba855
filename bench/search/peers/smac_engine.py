"""SMAC3 by ask and tell: its facade for hyperparameters (a random forest) with its defaults, but for `deterministic`.

With `deterministic=True` each configuration is tried once, as all others here do. Conditions and ordered lists are native. SMAC is told of failed trials as CRASHED at the worst
cost seen (its default `crash_cost` of infinity ends in a forest that refuses NaN), and not of lost ones, nor of those that fail before there is any cost. It remembers running trials so as not to ask for them again.
"""

import shutil
import tempfile

from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    InCondition,
    Integer,
    OrdinalHyperparameter,
)
from smac import HyperparameterOptimizationFacade, Scenario
from smac.runhistory.dataclasses import TrialValue
from smac.runhistory.enumerations import StatusType

from protocol import serve_peer


class Facade:
    def __init__(self, space, seed, evaluations, agents):
        self.space = space
        folder = tempfile.mkdtemp(prefix="besom-smac-")
        scenario = Scenario(
            to_space(space, seed), deterministic=True, n_trials=evaluations, seed=seed, output_directory=folder
        )
        self.smac = HyperparameterOptimizationFacade(scenario, logging_level=False, overwrite=True)
        shutil.rmtree(folder, ignore_errors=True)
        self.worst = None

    def ask(self):
        info = self.smac.ask()
        chosen = dict(info.config)
        return info, {each["name"]: read(each, chosen[each["name"]]) for each in self.space if each["name"] in chosen}

    def tell(self, info, loss):
        self.worst = loss if self.worst is None else max(self.worst, loss)
        self.smac.tell(info, TrialValue(cost=loss), save=False)

    def fail(self, info):
        if self.worst is not None:
            self.smac.tell(info, TrialValue(cost=self.worst, status=StatusType.CRASHED), save=False)

    def lose(self, info):
        pass


def to_space(space, seed):
    result = ConfigurationSpace(seed=seed)
    parameters = {each["name"]: describe(each) for each in space}
    result.add(*parameters.values())
    for each in space:
        when = each.get("when")
        if when is not None:
            child, parent = parameters[each["name"]], parameters[when["on"]]
            kept = when["in"]
            result.add(EqualsCondition(child, parent, kept[0]) if len(kept) == 1 else InCondition(child, parent, kept))
    return result


def describe(parameter):
    name, kind = parameter["name"], parameter["kind"]
    if kind == "category":
        return Categorical(name, list(range(len(parameter["values"]))))
    if kind == "ordinal":
        return OrdinalHyperparameter(name, list(range(len(parameter["values"]))))
    draw = Integer if kind == "integer" else Float
    return draw(name, (parameter["min"], parameter["max"]), log=parameter["log"])


def read(parameter, value):
    return float(value) if parameter["kind"] == "float" else int(value)


serve_peer(Facade)
