"""What W&B makes of sweep files: PyYAML reads them, W&B's schema and engine (the PyPI package `sweeps`) judge them.

The parser in core/sweep-config is compared with this, file by file (test/core/sweep-config/reference.test.ts).
Run it in a virtual environment; Python 3.10 or newer:

    python3 -m venv .venv-reference
    .venv-reference/bin/pip install pyyaml==6.0.3 sweeps==0.3.0
    .venv-reference/bin/python scripts/reference-read.py reference.json test/fixtures/sweeps ../shared/sweep-corpus
    BESOM_REFERENCE_JSON=reference.json npx vitest run test/core/sweep-config/reference.test.ts

Each file gets two readings: `wandb`, by PyYAML's safe loader as W&B's client has it, and `meant`, by the same
loader with YAML 1.2's floats (`1e-4` is a number). A reading holds

    parse      "ok" or what PyYAML said
    value      the whole file as a tagged tree, see `tagged`
    schema     the violations that W&B shows as warnings while it creates the sweep
    engine     "ok" when the engine suggests a first run, else what it raised: W&B can't run this file
    drawn      the parameters of that first run that are NaN or infinite
    stopping   "ok", "none" or what hyperband raised; W&B runs such a sweep, but stops nothing early
    parameters the leaves as the engine filled them: [path, W&B's name of the kind, tagged keys]
"""

import datetime
import json
import math
import platform
import re
import sys
import warnings
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path

import yaml

warnings.simplefilter("ignore")  # numpy and pydantic talk about themselves

from sweeps import next_run, stop_runs
from sweeps.config.cfg import schema_violations_from_proposed_config
from sweeps.params import HyperParameterSet


class MeantLoader(yaml.SafeLoader):
    """PyYAML's loader, except that YAML 1.2's floats are floats."""

    yaml_implicit_resolvers = deepcopy(yaml.SafeLoader.yaml_implicit_resolvers)


FLOAT_OF_YAML_12 = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+)$"
)
MeantLoader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT_OF_YAML_12, list("-+0123456789."))


def main(target: str, folders: list) -> None:
    files = [
        path
        for folder in folders
        for path in sorted(Path(folder).iterdir())
        if path.suffix in (".yaml", ".yml")
    ]
    result = {
        "versions": {
            "python": platform.python_version(),
            "pyyaml": version("pyyaml"),
            "sweeps": version("sweeps"),
        },
        "files": {path.name: read_file(path) for path in files},
    }
    Path(target).write_text(json.dumps(result, ensure_ascii=True, indent=1) + "\n")
    print(f"{len(files)} files read with PyYAML {version('pyyaml')} and sweeps {version('sweeps')}: {target}")


def read_file(path: Path) -> dict:
    text = path.read_bytes()
    return {"wandb": read(text, yaml.SafeLoader), "meant": read(text, MeantLoader)}


def read(text: bytes, loader: type) -> dict:
    try:
        value = yaml.load(text, loader)
    except Exception as error:  # PyYAML raises ValueError and others besides YAMLError
        return {"parse": said(error)}
    result = {"parse": "ok", "value": tagged(value)}
    result["schema"] = judge(lambda: schema_violations_from_proposed_config(deepcopy(value)))
    result["engine"], result["drawn"] = run_engine(value)
    result["stopping"] = run_stopping(value)
    result["parameters"] = leaves(value)
    return result


def run_engine(config) -> tuple:
    """The engine as W&B's server calls it: without validation, on a sweep that has no runs yet."""
    try:
        if isinstance(config, dict) and config.get("method") == "custom":
            HyperParameterSet.from_config(config.get("parameters", {}))
            return "ok", []
        run = next_run(deepcopy(config), [], validate=False)
        return "ok", unusable(run.config) if run else []
    except Exception as error:
        return said(error), []


def run_stopping(config) -> str:
    if not isinstance(config, dict) or "early_terminate" not in config:
        return "none"
    try:
        stop_runs(deepcopy(config), [], validate=False)
        return "ok"
    except Exception as error:
        return said(error)


def leaves(config) -> list:
    try:
        parameters = HyperParameterSet.from_config(config["parameters"])
    except Exception:
        return []
    return [
        [parameter.name.split(HyperParameterSet.NESTING_DELIMITER), parameter.type, tagged(parameter.config)]
        for parameter in parameters
    ]


def unusable(config: dict) -> list:
    """Names of the drawn values that no training program can use."""
    return [name for name, entry in config.items() if not is_finite(entry.get("value"))]


def is_finite(value) -> bool:
    if isinstance(value, dict):
        return all(is_finite(item) for item in value.values())
    return not (isinstance(value, float) and not math.isfinite(value))


def judge(make):
    try:
        return make()
    except Exception as error:
        return [said(error)]


def said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()[:300]}"


def tagged(value):
    """Plain JSON can't tell 1 from 1.0, nor a date from a text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, (list, tuple)):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {"map": [[tagged(key), tagged(item)] for key, item in value.items()]}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"date": value.isoformat()}
    return {"other": repr(value)}


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: reference-read.py OUTPUT.json FOLDER...")
    main(sys.argv[1], sys.argv[2:])
