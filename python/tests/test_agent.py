from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest import mock

import support

from besom import BesomError, RunStopped, agent
from besom._agent import _to_id
from besom._attempts import _make_folder
from besom._child import Starter, choose_method
from besom._delivery import Delivery
from besom._environment import to_child_env
from besom._lines import Output
from besom._run import RunFacts, to_detail, to_exit_code
from besom._sweep import _to_source
from besom._verdict import to_verdict

FACTS = RunFacts("7", "abcd1234", "seventh", 2, "http://host/e/p/runs/abcd1234", "p", "e", "efgh5678", "loss")


class EnvironmentTest(unittest.TestCase):
    def env(self, own: dict[str, str], params: dict[str, Any], text: str) -> tuple[dict[str, str], Path]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name)
        env = to_child_env(
            own,
            server="http://host:3000",
            key="run-key",
            facts=FACTS,
            params=params,
            text=text,
            folder=path,
            report="stdout",
        )
        return env, path

    def test_no_key_of_the_user_reaches_a_child(self) -> None:
        own = {
            "PATH": "/bin",
            "BESOM_API_KEY": "own",
            "BESOM_DATA_DIR": "/d",
            "BESOM_SILENT": "true",
            "DATABASE_URL": "postgres://u:secret@h/d",
            "PGPASSWORD": "secret",
            "WANDB_API_KEY": "own",
            "WANDB_MODE": "online",
            "PYTHONUNBUFFERED": "0",
        }
        env, _ = self.env(own, {}, "{}")
        self.assertEqual([name for name, value in env.items() if value in ("own", "secret") or "secret" in value], [])
        self.assertNotIn("BESOM_DATA_DIR", env)
        self.assertEqual((env["PATH"], env["BESOM_SILENT"], env["PYTHONUNBUFFERED"]), ("/bin", "true", "0"))
        self.assertEqual((env["BESOM_API_KEY"], env["WANDB_API_KEY"]), ("run-key", "run-key"))
        self.assertEqual((env["WANDB_MODE"], env["WANDB_BASE_URL"]), ("online", "http://host:3000/wandb"))
        self.assertEqual((env["BESOM_RUN_ID"], env["BESOM_ATTEMPT"], env["WANDB_RUN_ID"]), ("7", "2", "abcd1234"))

    def test_parameters_stand_in_files_as_the_server_sent_them(self) -> None:
        text = '{"lr":1.0,"tiny":1e-07,"list":[1,2.5],"map":{"a":null},"name":"é😀\\u007f","on":true}'
        env, _ = self.env({}, json.loads(text), text)
        self.assertEqual(Path(env["BESOM_PARAMS_FILE"]).read_text("utf-8"), f"{text}\n")
        # PyYAML takes 1e-07 for a text.
        self.assertEqual(
            Path(env["WANDB_SWEEP_PARAM_PATH"]).read_text("utf-8"),
            'wandb_version: 1\n\n"lr":\n  value: 1.0\n"tiny":\n  value: 1.0e-07\n"list":\n  value: [1, 2.5]\n'
            '"map":\n  value: {"a": null}\n"name":\n  value: "\\u00e9\\U0001f600\\u007f"\n"on":\n  value: true\n',
        )


class StrayTest(unittest.TestCase):
    @unittest.skipUnless(sys.platform == "linux", "elsewhere nobody sees what left its group")
    def test_what_a_function_starts_in_sessions_of_their_own_ends_with_its_run(self) -> None:
        with tempfile.TemporaryDirectory() as name, support.serving(self.reply) as url:
            told = Path(name, "pid")
            Path(name, "besom_test_stray.py").write_text(
                "import pathlib, subprocess\ndef train():\n"
                "    stray = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
                f"    pathlib.Path({str(told)!r}).write_text(str(stray.pid))\n"
            )
            code = "import besom, besom_test_stray\nprint(besom.agent('efgh5678', besom_test_stray.train, count=1))\n"
            env = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join([str(support.ROOT / "src"), name]),
                "TMPDIR": name,
                "HOME": name,
                "BESOM_URL": url,
                "BESOM_API_KEY": "k",
            }
            done = subprocess.run(
                [sys.executable, "-c", code], env=env, cwd=name, capture_output=True, text=True, timeout=60
            )
            self.assertEqual(done.stdout, "{'finished': 1}\n", done.stderr)
            self.assertFalse(support.is_alive(int(told.read_text())))
            self.assertEqual([one.name for one in Path(name).iterdir() if one.name.startswith("besom-")], [])

    @staticmethod
    def reply(body: dict[str, Any]) -> tuple[int, Any]:
        """As a server that has one run."""
        project = {"name": "p", "entity": {"name": "e"}}
        sweep = {"id": "efgh5678", "name": "s", "url": "", "project": project, "metric": None}
        claim = {"runId": "7", "name": "abcd1234", "displayName": "r", "attempt": 1, "params": "{}", "apiKey": "k"}
        answers = {
            "registerAgent": {"agent": {"id": "1"}, "sweep": sweep, "heartbeatMs": 200},
            "claimRun": {"claims": [claim], "directive": "CONTINUE", "reason": None, "quarantined": False},
            "heartbeat": {"commands": [], "directive": "CONTINUE"},
            "finishRun": {"state": "finished"},
        }
        found = re.search(r"\{\s*(\w+)\(", body["query"])
        assert found is not None
        return 200, {"data": {found[1]: {**answers.get(found[1], {}), "error": None}}}


class VerdictTest(unittest.TestCase):
    def test_each_end_has_its_word(self) -> None:
        for given, state, reason in (
            ((0, None, None), "finished", None),
            ((1, None, "ValueError: x"), "failed", "exit_code"),
            ((-9, None, None), "failed", "signal"),
            ((0, "stopped", None), "killed", "stopped_by_user"),
            ((143, "canceled", None), "killed", "sweep_canceled"),
            ((143, "leaving", None), "preempted", "agent_gone"),
        ):
            with self.subTest(given):
                verdict = to_verdict(*given)
                self.assertEqual((verdict["state"], verdict.get("reason")), (state, reason))
        self.assertEqual(to_verdict(1, None, "ValueError: x")["detail"], "exit code 1: ValueError: x")
        self.assertEqual(to_verdict(-11, None, None)["detail"], "ended by SIGSEGV")
        self.assertNotIn("exitCode", to_verdict(-11, None, None))

    def test_exit_codes_of_exceptions_are_those_of_the_process(self) -> None:
        codes = [None, SystemExit(), SystemExit(3), SystemExit("no"), RunStopped(), ValueError(), KeyboardInterrupt()]
        self.assertEqual([to_exit_code(error) for error in codes], [0, 0, 3, 1, 143, 1, 1])
        self.assertEqual(to_detail(ValueError("a\nb")), "ValueError: a")
        self.assertIsNone(to_detail(SystemExit(3)))


class ChoiceTest(unittest.TestCase):
    def test_what_another_interpreter_can_import_is_spawned_all_else_forked(self) -> None:
        def inner() -> None: ...

        self.assertEqual(choose_method(support.nothing), "forkserver" if sys.platform == "linux" else "spawn")
        self.assertEqual(choose_method(inner), "fork")
        self.assertEqual(choose_method(lambda: None), "fork")
        self.assertEqual(choose_method(functools.partial(print, inner)), "fork")

    def test_no_run_draws_the_numbers_of_another_unless_its_module_chose_a_seed(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for module, head in (("plain", "import random"), ("seeded", "import random\nrandom.seed(7)")):
                body = "def draw():\n    print(random.random(), __import__('os').environ['MARK'])\n"
                (folder / f"besom_test_{module}.py").write_text(f"{head}\n{body}")
            with support.importing(folder):
                import besom_test_plain
                import besom_test_seeded

                plain, seeded = (self.draw(module.draw, folder) for module in (besom_test_plain, besom_test_seeded))
        self.assertEqual([words[1] for words in plain], ["0", "1"])
        self.assertNotEqual(plain[0][0], plain[1][0])
        self.assertEqual(seeded[0][0], seeded[1][0])

    def draw(self, function: Callable[[], None], folder: Path) -> list[list[str]]:
        starter = Starter(function, "forkserver")
        try:
            return [support.words_of(starter.start({"PATH": "", "MARK": str(i)}, folder)) for i in range(2)]
        finally:
            starter.close()

    @unittest.skipUnless(sys.platform == "linux", "elsewhere nothing is forked by a server")
    def test_an_agent_that_is_killed_takes_the_server_and_its_child_along(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "besom_test_patient.py").write_text("import time\ndef train():\n    time.sleep(60)\n")
            code = (
                f"import os, sys; sys.path[:0] = [{name!r}, {str(support.ROOT / 'src')!r}]\n"
                "import besom_test_patient, pathlib\nfrom besom._child import Starter\n"
                "starter = Starter(besom_test_patient.train, 'forkserver')\n"
                f"child = starter.start({{'PATH': ''}}, pathlib.Path({name!r}))\n"
                "print(starter._server._process.pid, child.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
            )
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
            pids = done.stdout.split()
            self.assertEqual(len(pids), 2, done.stderr)
            until = time.monotonic() + 10
            while any(support.is_alive(int(pid)) for pid in pids):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.02)

    @unittest.skipUnless(sys.platform == "linux", "elsewhere nothing is forked by a server")
    def test_a_fork_server_that_is_killed_in_the_moment_of_a_start_is_started_anew(self) -> None:
        starter = Starter(support.nothing, "forkserver")
        try:
            with tempfile.TemporaryDirectory() as name:
                first = starter.start({"PATH": ""}, Path(name))
                self.assertEqual(support.words_of(first), [])
                assert starter._server is not None
                starter._server._process.kill()
                starter._server._process.wait()
                # It was alive when it was looked at.
                with mock.patch.object(type(starter._server), "is_alive", mock.PropertyMock(side_effect=[True, False])):
                    second = starter.start({"PATH": ""}, Path(name))
                self.assertEqual((type(second), support.words_of(second)), (type(first), []))
        finally:
            starter.close()

    def test_a_long_folder_for_temporary_files_is_no_obstacle(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            deep = Path(name, "x" * 100)
            deep.mkdir()
            folder = _make_folder(deep)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(folder / "run.sock"))
            self.assertEqual((folder.stat().st_mode & 0o777, list(deep.iterdir())), (0o700, []))
            shutil.rmtree(folder)

    def test_a_module_that_starts_threads_gets_a_fresh_interpreter_each_time(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "besom_test_threads.py").write_text(
                "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
                "def train():\n    print('on', 'my', 'own')\n"
            )
            with support.importing(folder):
                import besom_test_threads

                starter = Starter(besom_test_threads.train)
                child = starter.start({"PATH": "", "PYTHONPATH": str(folder)}, folder)
                self.assertEqual(type(child).__name__, "_Spawned")
                self.assertEqual(support.words_of(child), ["on", "my", "own"])
                starter.close()

    def test_sweeps_are_named_by_id_or_path(self) -> None:
        self.assertEqual(
            [_to_id(name) for name in ("abcd1234", "p/abcd1234", "e/p/abcd1234")],
            ["abcd1234", "abcd1234", "e/p/abcd1234"],
        )

    def test_what_can_not_be_called_says_what_to_do(self) -> None:
        with self.assertRaisesRegex(BesomError, ": besom agent abcd1234"):
            agent("abcd1234")
        with self.assertRaisesRegex(BesomError, "expected one of forkserver, spawn, fork"):
            agent("abcd1234", print, start_method="thread")

    def test_a_sweep_is_a_dict_a_function_or_a_file(self) -> None:
        config = {"method": "grid", "parameters": {"lr": {"values": (1.0, 2)}}}
        text = '{"method": "grid", "parameters": {"lr": {"values": [1.0, 2]}}}'
        self.assertEqual(_to_source(config), text)
        self.assertEqual(_to_source(lambda: config), text)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("method: grid # of mine\n")
            file.flush()
            self.assertEqual(_to_source(file.name), "method: grid # of mine\n")
        with self.assertRaisesRegex(BesomError, "not list"):
            _to_source([1])


class Printed:
    """What a delivery would be given."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def print(self, stream: str, text: str) -> None:
        self.lines.append((stream, text))


class OutputTest(unittest.TestCase):
    def read(self, stdout: bytes, stderr: bytes = b"") -> tuple[Printed, Output]:
        printed = Printed()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            output = Output(cast(Delivery, printed), io.BytesIO(stdout), io.BytesIO(stderr))
            output.end(10)
        return printed, output

    def test_lines_with_progress_bars_folded_and_the_last_without_its_end(self) -> None:
        printed, _ = self.read(b"one\n 10%\r 50%\r100%\r\nhalf \xc3\xa9\xff\0")
        self.assertEqual([text for _, text in printed.lines], ["one\n", "100%\n", "half é\ufffd\ufffd\n"])

    def test_the_last_words_are_those_of_stderr(self) -> None:
        _, output = self.read(b"fine\n", b"Traceback\nValueError: x\n\n")
        self.assertEqual(output.last_words, "ValueError: x")

    def test_a_stream_without_line_ends_is_cut_and_bounded(self) -> None:
        printed, _ = self.read(b"x" * (70 * 1024 * 1024))
        self.assertLess(sum(len(text) for _, text in printed.lines), 36 * 1024 * 1024)
        self.assertTrue(any("are left out here" in text for _, text in printed.lines))
