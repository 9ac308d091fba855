"""Trains scikit-learn models on the data sets it ships, for suite E: a line {"verb": "measure", "task", "params"} is answered by a loss.

Everything is seeded, so a configuration has one loss. Data is small on purpose: a loss takes some hundredths of a second.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

import numpy
from protocol import serve
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR


def digits_svm(p):
    """Share of 600 digits misread in three folds. The kernel says which parameters there are."""
    kernel = {name: p[name] for name in ("gamma", "degree", "coef0") if name in p}
    X, y = load_digits(return_X_y=True)
    model = SVC(C=p["c"], kernel=p["kernel"], **kernel, max_iter=20_000)
    return numpy.mean(predict(model, X[:600] / 16, y[:600]) != y[:600])


def cancer_boosting(p):
    """Cross entropy of 569 diagnoses in three folds."""
    X, y = load_breast_cancer(return_X_y=True)
    model = GradientBoostingClassifier(
        learning_rate=p["learning_rate"],
        n_estimators=p["trees"],
        max_depth=p["depth"],
        subsample=p["subsample"],
        min_samples_leaf=p["leaf"],
        max_features=p["features"],
        random_state=0,
    )
    return log_loss(y, predict(model, X, y, "predict_proba"))


def wine_network(p):
    """Cross entropy of 178 wines in three folds, after at most 20 epochs."""
    X, y = load_wine(return_X_y=True)
    momentum = {"momentum": p["momentum"]} if "momentum" in p else {}
    network = MLPClassifier(
        hidden_layer_sizes=[p["width"]] * p["layers"],
        activation=p["activation"],
        solver=p["solver"],
        learning_rate_init=p["learning_rate"],
        alpha=p["alpha"],
        batch_size=p["batch"],
        **momentum,
        max_iter=20,
        random_state=0,
    )
    return log_loss(y, predict(make_pipeline(StandardScaler(), network), X, y, "predict_proba"))


def diabetes_model(p):
    """Mean squared error over variance of 442 patients in three folds; the family of models is a parameter itself."""
    X, y = load_diabetes(return_X_y=True)
    models = {
        "ridge": lambda: Ridge(alpha=p["ridge_alpha"]),
        "svr": lambda: SVR(C=p["svr_c"], gamma=p["svr_gamma"], epsilon=p["svr_epsilon"]),
        "neighbours": lambda: KNeighborsRegressor(p["neighbours"], weights=p["weights"]),
        "forest": lambda: RandomForestRegressor(
            20, max_depth=p["forest_depth"], min_samples_leaf=p["forest_leaf"], random_state=0
        ),
    }
    folds = KFold(3, shuffle=True, random_state=0)
    guess = cross_val_predict(make_pipeline(StandardScaler(), models[p["model"]]()), X, y, cv=folds)
    return numpy.mean((guess - y) ** 2) / numpy.var(y)


def predict(model, X, y, method="predict"):
    return cross_val_predict(model, X, y, cv=StratifiedKFold(3, shuffle=True, random_state=0), method=method)


TASKS = {
    "digits-svm": digits_svm,
    "cancer-boosting": cancer_boosting,
    "wine-network": wine_network,
    "diabetes-model": diabetes_model,
}



def measure(task, params):
    """None where the training diverges: scikit-learn raises ValueError for weights that are no numbers."""
    try:
        loss = float(TASKS[task](params))
    except ValueError:
        return None
    return loss if numpy.isfinite(loss) else None


if __name__ == "__main__":
    serve({"measure": measure})
