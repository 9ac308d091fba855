"""Records the training curves of other learners than the digits network of record.ts, on data sets that come with scikit-learn:
`python bench/stopping/record_others.py` (scikit-learn 1.9, half an hour). bench/stopping.ts plays them. No rule was tuned on them when
they were recorded. Each file is a list of runs, each run the held-out loss of each epoch; null is no finite value."""

import json
import math
import os
import sys
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
np.seterr(all="ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


def log_uniform(random, low, high):
    return float(math.exp(random.uniform(math.log(low), math.log(high))))


def split(load, held_out, seed=7):
    x, y = load(return_X_y=True)
    x, x_out, y, y_out = train_test_split(x, y, test_size=held_out, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), y, scaler.transform(x_out), y_out


def boosting(random, seed, data):
    """Trees that are added one after the other: those that learn fast overfit, with a loss that turns."""
    x, y, x_out, y_out = data
    model = GradientBoostingClassifier(
        n_estimators=60,
        learning_rate=log_uniform(random, 0.01, 1.0),
        max_depth=int(random.integers(1, 8)),
        subsample=float(random.uniform(0.3, 1.0)),
        min_samples_leaf=int(random.integers(1, 40)),
        max_features=float(random.uniform(0.1, 1.0)),
        random_state=seed,
    ).fit(x, y)
    return [log_loss(y_out, p, labels=model.classes_) for p in model.staged_predict_proba(x_out)]


def rate_at(schedule, epoch, epochs):
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * epoch / epochs))
    if schedule == "steps":
        return 1.0 if epoch < epochs // 2 else 0.1 if epoch < 3 * epochs // 4 else 0.01
    if schedule == "warmup":
        return min(1.0, (epoch + 1) / 10)
    return 1.0


def train(model, seed, data, epochs, rate_in):
    """The loss of what is held out after each epoch, in which the learning rate is rate_in(epoch)."""
    x, y, x_out, y_out = data
    losses = []
    classes = np.unique(y)
    for epoch in range(epochs):
        if epoch == 0:
            model.learning_rate_init = rate_in(epoch)
        else:
            optimizer = model._optimizer
            optimizer.learning_rate_init = optimizer.learning_rate = rate_in(epoch)
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        try:
            model.partial_fit(x[order], y[order], classes=classes)
            losses.append(log_loss(y_out, model.predict_proba(x_out), labels=classes))
        except ValueError:  # it has diverged
            losses.append(math.nan)
    return losses


def perceptron(random, seed, data, epochs, schedules):
    solver = str(random.choice(["sgd", "adam"]))
    rate = log_uniform(random, 1e-3, 1.0) if solver == "sgd" else log_uniform(random, 1e-4, 0.1)
    schedule = str(random.choice(schedules))
    model = MLPClassifier(
        hidden_layer_sizes=(int(random.integers(4, 65)),) * int(random.integers(1, 3)),
        activation=str(random.choice(["relu", "tanh"])),
        solver=solver,
        alpha=log_uniform(random, 1e-6, 1.0),
        batch_size=int(random.choice([8, 16, 32, 64])),
        learning_rate_init=rate,
        momentum=float(random.uniform(0.0, 0.98)),
        random_state=seed,
    )
    return train(model, seed, data, epochs, lambda epoch: rate * rate_at(schedule, epoch, epochs) if epoch > 0 else rate)


def schedule(random, seed, data):
    """Learning rates that fall, in steps or as a cosine, or rise at first: plateaus before a drop, and curves that cross late."""
    return perceptron(random, seed, data, 48, ["cosine", "steps", "warmup", "constant"])


def restarted_rate_at(schedule, epoch, epochs, period, growth):
    """The share of its highest that the learning rate has in an epoch."""
    if schedule == "cycle":  # up for a third, then down to nothing
        top = epochs // 3
        return 0.05 + 0.95 * epoch / top if epoch < top else 0.5 * (1 + math.cos(math.pi * (epoch - top) / (epochs - top)))
    if schedule == "decay":
        return 0.93**epoch
    if schedule == "restarts":  # Loshchilov and Hutter 2017
        while epoch >= period:
            epoch, period = epoch - period, period * growth
        return 0.5 * (1 + math.cos(math.pi * epoch / period))
    return 1.0


def restarts(random, seed, data):
    """Warm restarts of several periods beside rates that go up and down once, decay or stay, with batches of 4 to 256 and rates without a bound: who
    leads when is a matter of the schedule."""
    epochs = 48
    solver = str(random.choice(["sgd", "adam"]))
    rate = log_uniform(random, 3e-3, 3.0) if solver == "sgd" else log_uniform(random, 3e-4, 0.1)
    schedule = str(random.choice(["restarts", "restarts", "cycle", "decay", "constant"]))
    period, growth = int(random.choice([4, 8, 16])), int(random.choice([1, 2]))
    model = MLPClassifier(
        hidden_layer_sizes=(int(random.integers(8, 65)),) * int(random.integers(1, 3)),
        activation=str(random.choice(["relu", "tanh"])),
        solver=solver,
        alpha=log_uniform(random, 1e-6, 1.0),
        batch_size=int(2 ** random.integers(2, 9)),
        learning_rate_init=rate,
        momentum=float(random.uniform(0.0, 0.98)),
        random_state=seed,
    )
    return train(model, seed, data, epochs, lambda epoch: rate * restarted_rate_at(schedule, epoch, epochs, period, growth))


def wine(random, seed, data):
    """Few rows held out: losses close to each other, and noise."""
    return perceptron(random, seed, data, 40, ["constant"])


def diabetes(random, seed, data):
    """A linear model whose good runs end within a few percent of each other."""
    x, y, x_out, y_out = data
    model = SGDRegressor(
        loss=str(random.choice(["squared_error", "huber", "epsilon_insensitive"])),
        penalty="elasticnet",
        alpha=log_uniform(random, 1e-6, 1.0),
        l1_ratio=float(random.uniform(0, 1)),
        learning_rate=str(random.choice(["constant", "invscaling"])),
        eta0=log_uniform(random, 1e-5, 0.1),
        power_t=float(random.uniform(0.05, 0.6)),
        epsilon=float(random.uniform(0.1, 30)),
        random_state=seed,
    )
    losses = []
    for epoch in range(40):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        try:
            model.partial_fit(x[order], y[order])
            losses.append(float(np.sqrt(np.mean((model.predict(x_out) - y_out) ** 2))))
        except ValueError:
            losses.append(math.nan)
    return losses


def errors(random, seed, data):
    """The share of wrong answers of a linear classifier: steps of 1 / 450, so that many runs are level."""
    x, y, x_out, y_out = data
    model = SGDClassifier(
        loss=str(random.choice(["hinge", "log_loss", "modified_huber", "perceptron"])),
        penalty=str(random.choice(["l2", "l1", "elasticnet"])),
        alpha=log_uniform(random, 1e-6, 0.3),
        learning_rate=str(random.choice(["constant", "invscaling", "optimal"])),
        eta0=log_uniform(random, 1e-5, 1.0),
        power_t=float(random.uniform(0.05, 0.8)),
        average=bool(random.integers(0, 2)),
        random_state=seed,
    )
    classes = np.unique(y)
    losses = []
    for epoch in range(30):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        try:
            model.partial_fit(x[order], y[order], classes=classes)
            losses.append(float(np.mean(model.predict(x_out) != y_out)))
        except ValueError:
            losses.append(math.nan)
    return losses


SETS = {
    "boosting": (boosting, load_breast_cancer, 0.4, 200),
    "wine": (wine, load_wine, 0.4, 200),
    "diabetes": (diabetes, load_diabetes, 0.4, 240),
    "errors": (errors, load_digits, 0.25, 180),
    "schedule": (schedule, load_digits, 0.4, 180),
    "restarts": (restarts, load_digits, 0.6, 200),
}


def shorten(value):
    return float(f"{value:.4g}") if math.isfinite(value) else None


for name in sys.argv[1:] or SETS:
    train, load, held_out, runs = SETS[name]
    data = split(load, held_out)
    curves = []
    for run in range(runs):
        random = np.random.default_rng([20, run])
        curves.append([shorten(value) for value in train(random, run, data)])
        if (run + 1) % 20 == 0:
            print(f"{name}: {run + 1} of {runs}", file=sys.stderr, flush=True)
    lines = ",\n".join(json.dumps(curve, separators=(",", ":")) for curve in curves)
    with open(os.path.join(HERE, f"{name}.json"), "w") as file:
        file.write(f"[\n{lines}\n]\n")
