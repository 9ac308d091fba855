"""What scikit-learn and Optuna say of small studies: test/fixtures/reference/importance.json.

    python -m venv /tmp/reference && /tmp/reference/bin/pip install scikit-learn optuna
    /tmp/reference/bin/python scripts/reference-importance.py

Friedman's first function is drawn anew from a seed and stored with its results. Of scikit-learn's diabetes data
(Efron, Hastie, Johnstone, Tibshirani 2004) only ranks are stored, of the inputs and of the target.
"""

import json
import math
import pathlib
import statistics

import numpy
import optuna
import sklearn
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

OUT = pathlib.Path(__file__).parent.parent / "test/fixtures/reference/importance.json"
QUANTILE = 0.25
SEEDS = range(10)
# A minute each.
FANOVA_SEEDS = range(2)

optuna.logging.set_verbosity(optuna.logging.ERROR)


def forest_r2(x, y):
    """Out of bag, by a forest that is grown as ours is: mean and deviation over seeds."""
    found = []
    for seed in SEEDS:
        forest = RandomForestRegressor(
            n_estimators=64,
            max_features=5 / 6,
            min_samples_leaf=1 if len(y) < 300 else 3,
            oob_score=True,
            random_state=seed,
        )
        found.append(forest.fit(x, y).oob_score_)
    return [round(statistics.mean(found), 4), round(statistics.stdev(found), 4)]


def to_study(x, y, distributions):
    study = optuna.create_study(direction="minimize")
    for row, value in zip(x, y):
        params = {
            name: int(v) if isinstance(kind, IntDistribution) else float(v)
            for (name, kind), v in zip(distributions.items(), row)
        }
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=distributions, value=float(value))
        )
    return study


def record(x, y, distributions, fanova):
    study = to_study(x, y, distributions)
    names = list(distributions)
    out = {
        "params": [[float(v) for v in row] for row in x],
        "values": [float(v) for v in y],
        "names": names,
        "outOfBagR2": forest_r2(x, y),
    }
    ped = PedAnovaImportanceEvaluator(target_quantile=QUANTILE)
    importances = get_param_importances(study, evaluator=ped, normalize=True)
    out["pedAnova"] = [round(importances[name], 5) for name in names]
    if fanova:
        runs = [
            get_param_importances(
                study, evaluator=FanovaImportanceEvaluator(n_trees=64, seed=seed), normalize=True
            )
            for seed in FANOVA_SEEDS
        ]
        out["fanova"] = [round(statistics.mean(run[name] for run in runs), 5) for name in names]
    return out


def friedman(runs):
    draw = numpy.random.default_rng(11)
    x = draw.uniform(size=(runs, 7)).round(4)
    noise = draw.normal(size=runs)
    y = (
        10 * numpy.sin(math.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
        + noise
    ).round(4)
    return record(x, y, {f"x{i}": FloatDistribution(0, 1) for i in range(7)}, True)


def training(runs):
    """A rate on a log scale, a whole number, two fractions."""
    draw = numpy.random.default_rng(12)
    x = numpy.column_stack(
        [
            [float(f"{v:.4e}") for v in 10 ** draw.uniform(-5, 0, size=runs)],
            draw.integers(1, 9, size=runs),
            draw.uniform(size=runs).round(4),
            draw.uniform(size=runs).round(4),
        ]
    )
    y = (
        (numpy.log10(x[:, 0]) + 3) ** 2
        + 0.3 * numpy.abs(x[:, 1] - 5)
        + x[:, 2]
        + 0.3 * draw.normal(size=runs)
    ).round(4)
    kinds = {
        "lr": FloatDistribution(1e-5, 1, log=True),
        "layers": IntDistribution(1, 8),
        "a": FloatDistribution(0, 1),
        "b": FloatDistribution(0, 1),
    }
    # Optuna's fANOVA does not look at logarithms: there is nothing to be compared.
    return record(x, y, kinds, False)


def diabetes():
    data = load_diabetes()

    def ranks(values):
        """From 1; equal values share the lowest of their ranks."""
        return numpy.searchsorted(numpy.sort(values), values) + 1

    x = numpy.column_stack([ranks(column) for column in data.data.T])
    y = ranks(data.target)
    kinds = {f"x{i}": IntDistribution(1, 442) for i in range(10)}
    return record(x, y, kinds, True)


OUT.write_text(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "optuna": optuna.__version__},
            "quantile": QUANTILE,
            "friedman": friedman(300),
            "training": training(300),
            "diabetes": diabetes(),
        },
        separators=(",", ":"),
    )
    + "\n"
)
