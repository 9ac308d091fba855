"""What W&B's agent makes of a sweep's `command`: its own code, from the file's words to the argv that it starts.

test/fixtures/commands.json is this script's output. core/command.ts and the Python package are held against it, character
by character. Run it in a virtual environment; Python 3.10 or newer:

    python3 -m venv .venv-reference
    .venv-reference/bin/pip install wandb==0.31.0
    .venv-reference/bin/python scripts/reference-commands.py test/fixtures/commands.json
    npx biome format --write test/fixtures/commands.json

`Agent._command_run` of `wandb/wandb_agent.py` is called as it stands; only the process at its end is not started, its argv is
kept. Parameters are given sorted by name, as Besom hands them out: a database does not keep the order of keys. That is one of three
differences that Besom means to have; the others are no matter of this table: a sweep without a program leaves `${program}` out where
W&B passes None on and fails, and `${interpreter}` is `python3` on a machine that has no `python`.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import wandb
from wandb import wandb_agent

KEPT = {"PATH": "/usr/bin:/bin", "WANDB_MODE": "offline"}
ENV = {"HOME": "/home/ada", "MACRO": "${program}", "EMPTY": "", "SPACED": "two words", "DOLLAR": "$& $1 ${HOME}", "X_1": "é"}

ARGS = '{"lr": 1e-05, "b": true, "a": false, "n": null, "layers": [64, 32], "drop": 1.0, "name": "it\'s", "opt": {"k": 0.5, "z": "é"}}'
ALL_MACROS = [
    "args",
    "args_no_equals",
    "args_no_hyphens",
    "args_no_boolean_flags",
    "args_json",
    "args_json_file",
    "args_append_hydra",
    "args_override_hydra",
]

# One parameter each, as JSON text: Python reads 1 and 1.0 apart, and so must whoever writes the command.
VALUES = {
    "whole numbers": '{"big": 12345678901234567890, "max": 9007199254740993, "minus": -7, "zero": 0}',
    "whole floats": '{"a": 1.0, "b": -2.0, "c": 1e3, "d": -0.0, "e": 0.0, "f": 123456789012345680.0}',
    "small floats": '{"a": 0.1, "b": 0.0001, "c": 0.00001, "d": 1.5e-7, "e": 5e-324, "f": 2.2250738585072014e-308}',
    "large floats": '{"a": 1e15, "b": 1e16, "c": 1e22, "d": 1.7976931348623157e308, "e": 9999999999999998.0, "f": 1234567890123456.7}',
    "floats of sums": '{"a": 0.30000000000000004, "b": 3.141592653589793, "c": 1e23, "d": 123.456, "e": 100.0, "f": -1.5e-10}',
    "booleans": '{"off": false, "on": true}',
    "null": '{"nothing": null}',
    "lists": '{"deep": [[1, [2.0]], []], "empty": [], "mixed": [1, 2.0, "x", true, false, null], "one": [0.001]}',
    "maps": '{"empty": {}, "net": {"depth": 3, "lr": 1e-05, "on": true, "sub": {"list": [1.0, "a"], "none": null}}}',
    "plain text": '{"empty": "", "name": "resnet50", "path": "/data/a b/c", "url": "http://x/?a=1&b=2"}',
    "text with blanks": '{"line": "a\\nb", "return": "a\\rb", "spaces": "  a  b  ", "tab": "a\\tb"}',
    "text with quotes": '{"both": "it\'s \\"so\\"", "double": "say \\"x\\"", "single": "it\'s", "slash": "a\\\\b"}',
    "text for a shell": '{"dollar": "$HOME `id` $(id)", "glob": "*.py ? [a]", "pipe": "a | b; c && d > e", "tilde": "~"}',
    "text that looks like an option": '{"dash": "-x", "equals": "a=b", "option": "--lr=1", "twice": "--"}',
    "text that looks like another type": '{"float": "1.0", "int": "1", "none": "None", "null": "null", "true": "true"}',
    "unicode": '{"accent": "é", "astral": "😀", "cjk": "学习率", "combining": "e\\u0301", "rtl": "\\u202eabc"}',
    "unseen characters": '{"bell": "\\u0007", "bom": "\\ufeff", "del": "\\u007f", "line": "\\u2028", "nbsp": "\\u00a0", "nel": "\\u0085", "zwj": "a\\u200db"}',
    "text in lists": '{"a": ["it\'s", "say \\"x\\"", "both \' \\"", "a\\\\b", "a\\nb", "é", "😀", "\\u00a0", "\\u200b", "\\u0007"]}',
    "text in maps": '{"m": {"a b": "it\'s", "c\\"d": "\\u2028", "é": "學"}}',
    "names": '{"_x": 5, "a b": 1, "a-b": 2, "a.b": 3, "a=b": 4, "é": 6, "😀": 7}',
    "names that differ by case": '{"A": 1, "B": 2, "a": 3, "b": 4}',
    "no parameters": "{}",
}


def cases():
    def case(name, command, params=ARGS, program="train.py"):
        env = ENV if any("${env" in word for word in command or []) else {}
        return {"name": name, "command": command, "program": program, "params": in_order(params), "env": env}

    yield case("no command is the default one", None)
    yield case("an empty command is the default one", [])
    yield case("the default command, written out", ["${env}", "${interpreter}", "${program}", "${args}"])
    for macro in ALL_MACROS:
        yield case(f"{macro} of every type", ["python", "x.py", "${" + macro + "}"])
    for kind, params in VALUES.items():
        yield case(f"args of {kind}", ["p", "${args}"], params)
        yield case(f"args_json of {kind}", ["p", "${args_json}"], params)
    for kind in ["whole floats", "booleans", "null", "lists", "maps", "text with quotes", "unicode", "names"]:
        yield case(f"args_no_equals of {kind}", ["p", "${args_no_equals}"], VALUES[kind])
        yield case(f"args_no_hyphens of {kind}", ["p", "${args_no_hyphens}"], VALUES[kind])
        yield case(f"args_no_boolean_flags of {kind}", ["p", "${args_no_boolean_flags}"], VALUES[kind])
        yield case(f"args_append_hydra of {kind}", ["p", "${args_append_hydra}"], VALUES[kind])
        yield case(f"args_override_hydra of {kind}", ["p", "${args_override_hydra}"], VALUES[kind])
    yield case("literal items pass unchanged", ["sh", "-c", "echo 'a b' | tee \"$X\" && exit 1", "", " ", "-", "--", "*", "~"])
    yield case("what only looks like a macro", ["$HOME", "$(date)", "$", "{args}", "$ {args}", "${args", "args}", "%{args}", "$${args}"])
    yield case("a macro within an item stays as it stands", ["python ${program}", "--x ${args}", "${a} ${b}", " ${args}", "${args} "])
    yield case("macros that nobody knows are left out", ["python", "--lr=${lr}", "${lr}", "${argz}", "${}", "${ args }", "${Args}", "two words"])
    yield case("a macro twice is expanded twice", ["p", "${args}", "--", "${args}", "${program}", "${program}"])
    yield case("several formats side by side", ["p", "${args_json}", "${args_json_file}", "${args_no_hyphens}"], VALUES["whole floats"])
    yield case("variables of the environment", ["${envvar:HOME}/bin/python", "${envvar:HOME}", "a${envvar:HOME}b${envvar:X_1}c"])
    yield case("a variable that is empty", ["${envvar:EMPTY}", "a${envvar:EMPTY}b"])
    yield case("a variable that is not set leaves its bare name", ["${envvar:UNSET}", "a${envvar:UNSET}b${envvar:HOME}c"])
    yield case("names of variables that are none", ["${envvar:home}", "${envvar:}", "${envvar:A B}", "${envvar: HOME}", "${env:HOME}"])
    yield case("a variable that holds a macro", ["${envvar:MACRO}", "${envvar:HOME}${envvar:HOME}", "x${envvar:MACRO}"])
    yield case("a variable that holds blanks and dollars", ["${envvar:SPACED}", "--x=${envvar:DOLLAR}", "${envvar:DOLLAR}${envvar:SPACED}"])
    yield case("a program with a path and blanks", None, program="src/my train.py")
    yield case("a program that looks like a macro", ["${program}"], program="${args}")
    yield case("a command that needs no program", ["./train.sh", "${args}"], program=None)
    yield case("torchrun, as the docs show it", ["torchrun", "--nproc_per_node=2", "${program}", "${args}"])
    yield case("python -m, as the docs show it", ["${env}", "${interpreter}", "-m", "pkg.train", "${args_no_boolean_flags}"])


def in_order(text):
    """The same JSON with the keys of every map sorted; numbers stay as they are written."""
    pairs = json.loads(text, parse_float=Raw, parse_int=Raw)
    return write(pairs)


class Raw(str):
    pass


def write(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {write(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class Kept(list):
    """Stands where W&B would start the process."""

    def __init__(self, command=None, **_):
        super().__init__(command)


def to_argv(case, folder):
    agent = wandb_agent.Agent(None, None)
    os.environ.clear()
    os.environ.update(KEPT | case["env"] | {"WANDB_DIR": folder, "WANDB_SWEEP_ID": "abcd1234"})
    agent._sweep_command = list(case["command"] or [])
    args = {name: {"value": value} for name, value in json.loads(case["params"]).items()}
    agent._command_run({"run_id": "run1", "program": case["program"], "args": args})
    argv = list(agent._run_processes["run1"])
    file = os.path.join(folder, "wandb", "sweep-abcd1234", "config-run1.json")
    if file in argv:
        written = json.loads(Path(file).read_text())
        assert repr(written) == repr(json.loads(case["params"])), case["name"]
    return ["{params_file}" if word == file else word for word in argv]


def main():
    wandb_agent.AgentProcess = Kept
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        done = [{**case, "argv": to_argv(case, folder)} for case in cases()]
    about = (
        f"What wandb {wandb.__version__} makes of a sweep's command, by its own Agent._command_run; made by"
        " scripts/reference-commands.py. {params_file} stands for the path of the file with the parameters."
    )
    out = Path(TARGET)
    rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in done)
    out.write_text(f'{{\n  "about": {json.dumps(about)},\n  "cases": [\n{rows}\n  ]\n}}\n')
    print(f"{len(done)} cases")


TARGET = Path(sys.argv[1]).resolve()
with contextlib.suppress(BrokenPipeError):
    main()
