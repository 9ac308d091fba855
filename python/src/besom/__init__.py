"""Besom from Python: runs that log, sweeps, and agents that call a function.

    import besom

    def train():
        run = besom.init(config={"epochs": 10})
        for epoch in range(besom.config.epochs):
            besom.log({"loss": (besom.config.lr - 0.1) ** 2 / (epoch + 1)})

    sweep_id = besom.sweep({
        "method": "random", "run_cap": 10,
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"lr": {"min": 0.01, "max": 1.0}},
    }, project="first")
    besom.agent(sweep_id, train)
    print(besom.Api().sweep(sweep_id).best_run().config)

Programs written for W&B's sweeps work with ``import besom as wandb``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._agent import agent
from ._client import Client as _Client
from ._config import Config
from ._login import login
from ._run import Run
from ._session import current as _current
from ._session import current_or_none as _current_or_none
from ._session import define_metric, finish, init, log
from ._summary import Summary
from ._sweep import sweep
from ._version import VERSION as __version__
from .api import Api
from .errors import BesomError, RunStopped

Error = BesomError

config: Config
"""The parameters of the run under way; see ``init``."""
summary: Summary
"""The summary of the run under way."""
run: Run | None
"""The run under way; None when there is none."""

__all__ = [
    "Api",
    "BesomError",
    "Config",
    "Error",
    "Run",
    "RunStopped",
    "Summary",
    "__version__",
    "agent",
    "config",
    "define_metric",
    "finish",
    "graphql",
    "init",
    "log",
    "login",
    "run",
    "summary",
    "sweep",
]


def graphql(query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The data of one GraphQL operation, asked with the key of the environment; see docs/graphql.md.

    Raises:
        BesomError: Of the request, or the ``error`` of a mutation's payload.
    """
    client = _Client.from_environment()
    try:
        return client.ask_of_user(query, variables)
    finally:
        client.close()


def __getattr__(name: str) -> Any:
    """What belongs to the run under way."""
    if name == "config":
        return _current().config
    if name == "summary":
        return _current().summary
    if name == "run":
        return _current_or_none()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
