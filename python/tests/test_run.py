from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

from support import ROOT, metrics_of, run_program, to_env

import besom
from besom import BesomError, RunStopped
from besom._config import Config
from besom._feeder import Feeder
from besom._points import Point
from besom._relay import Relay
from besom._run import Run, RunFacts
from besom._sinks import SocketSink

FACTS = RunFacts("7", "abcd1234", "abcd1234", 1, "http://host/e/p/runs/abcd1234", "p", "e", "efgh5678", "loss")


class Kept:
    """A sink that keeps what comes."""

    tells: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.notes: list[str] = []

    def write(self, points: list[Point]) -> None:
        self.points += points

    def note(self, message: str) -> None:
        self.notes.append(message)

    def finish(self, timeout: float) -> bool:
        return True

    def mark_preempting(self) -> None: ...

    def resume(self, step: int) -> None: ...

    def after_fork(self) -> None: ...

    @property
    def rows(self) -> list[tuple[int, Any]]:
        return [(step, dict(values)) for step, _, values in self.points]


class LogTest(unittest.TestCase):
    def run_with(self, **options: Any) -> tuple[Run, Kept]:
        sink = Kept()
        run = Run(FACTS, Config(**options), sink)
        self.addCleanup(run.finish)
        return run, sink

    def test_steps_count_by_themselves_merge_and_jump(self) -> None:
        run, sink = self.run_with()
        run.log({"a": 0})
        run.log({"a": 1}, commit=False)
        run.log({"b": 1})
        run.log({"a": 5}, step=5)
        run.log({"b": 5}, step=5)
        run.log({"c": 5})
        run.log({"a": 6})
        run.log({"a": 9}, step=9, commit=True)
        run.log({"a": 10})
        run.finish()
        self.assertEqual([step for step, _ in sink.rows], [0, 1, 1, 5, 5, 5, 6, 9, 10])

    def test_a_step_that_goes_back_is_not_kept_and_said_once(self) -> None:
        run, sink = self.run_with()
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            run.log({"a": 1}, step=30)
            run.log({"a": 2}, step=29)
            run.log({"a": 2}, step=29)
        run.finish()
        self.assertEqual(sink.rows, [(30, {"a": 1})])
        self.assertEqual(stderr.getvalue().count("came after step 30"), 1)

    def test_the_name_step_is_the_step_as_in_lines_of_json(self) -> None:
        run, sink = self.run_with()
        with contextlib.redirect_stderr(io.StringIO()):
            for step in (4, 8, 2):
                run.log({"step": step, "a": step})
        run.log({"step": 0.5})
        run.finish()
        self.assertEqual(sink.rows, [(4, {"a": 4}), (8, {"a": 8}), (8, {"a": 2}), (9, {"step": 0.5})])

    def test_steps_that_are_none(self) -> None:
        run, _ = self.run_with()
        run.log({"a": 1}, step=3.0)  # type: ignore[arg-type]
        for step in (-1, 0.5, "3", 2**60):
            with self.subTest(step), self.assertRaisesRegex(BesomError, "expected a whole number from 0"):
                run.log({"a": 1}, step=step)  # type: ignore[arg-type]

    def test_a_step_metric_is_logged_beside_those_it_is_for(self) -> None:
        run, sink = self.run_with()
        run.define_metric("val/*", step_metric="epoch")
        run.log({"epoch": 1})
        run.log({"val/loss": 2})
        run.log({"loss": 3})
        run.finish()
        self.assertEqual(sink.rows[1:], [(1, {"val/loss": 2, "epoch": 1}), (2, {"loss": 3})])

    def test_a_summary_set_by_hand_is_logged_at_the_end(self) -> None:
        run, sink = self.run_with()
        run.log({"loss": 1})
        run.summary["best"] = 0.5
        run.finish()
        self.assertEqual(sink.rows[-1], (1, {"best": 0.5}))

    def test_doubts_about_parameters_and_the_metric_are_told(self) -> None:
        run, sink = self.run_with(values={"learning_rate": 1}, locked={"learn_rate": 0.1, "epochs": 2})
        _ = run.config.epochs
        run.log({"acc": 1})
        run.finish()
        unread, unlogged = sink.notes
        self.assertIn("sets 'learn_rate', but the training program never read it", unread)
        self.assertIn("has a parameter 'learning_rate' of its own", unread)
        self.assertIn("optimises 'loss', but this run never logged it (it logged acc)", unlogged)

    def test_a_stop_is_raised_once_and_what_is_saved_then_arrives(self) -> None:
        run, sink = self.run_with()
        run.stop("stopped on request")
        with self.assertRaisesRegex(RunStopped, "stopped on request"):
            run.log({"a": 1})
        run.log({"saved": 1})
        run.finish()
        self.assertEqual(sink.rows, [(0, {"saved": 1})])

    def test_after_the_end_nothing_is_logged(self) -> None:
        run, _ = self.run_with()
        run.finish()
        with self.assertRaisesRegex(BesomError, "has ended: call besom.init"):
            run.log({"a": 1})

    def test_many_threads_lose_nothing(self) -> None:
        run, sink = self.run_with()
        threads = [threading.Thread(target=lambda: [run.log({"a": 1}) for _ in range(2000)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.finish()
        self.assertEqual([step for step, _ in sink.rows], list(range(8000)))

    def test_a_call_costs_its_thread_little(self) -> None:
        run, sink = self.run_with()
        data = {"loss": 0.5, "acc": 0.25, "n": 3}
        rounds = []
        for _ in range(5):
            start = time.thread_time()
            for _ in range(20_000):
                run.log(data)
            rounds.append((time.thread_time() - start) / 20_000)
        run.finish()
        self.assertEqual(len(sink.points), 100_000)
        # 2 us where the goal of 5 was measured; a slow machine gets four times the goal.
        self.assertLess(min(rounds), 20e-6)

    def test_before_init_there_is_one_clear_error(self) -> None:
        for use in ("log({})", "config", "summary", "define_metric('a')"):
            done = run_program(f"import besom\nassert besom.run is None\nbesom.finish()\nbesom.{use}")
            with self.subTest(use):
                self.assertIn("there is no run yet: call besom.init() first [ILLEGAL_MOVE]", done.stderr)

    def test_a_disabled_run_sends_nothing(self) -> None:
        with besom.init(mode="disabled", config={"a": 1}) as run:
            besom.log({"x": 1})
            self.assertEqual((besom.config.a, run.summary["x"]), (1, 1))
        self.assertIsNone(besom.run)


class FeederTest(unittest.TestCase):
    def test_memory_stays_bounded_before_a_slow_sink(self) -> None:
        most, taken = [0], [0]

        def write(points: list[Point]) -> None:
            most[0] = max(most[0], len(feeder._queue))
            taken[0] += len(points)
            time.sleep(0.001)

        feeder = Feeder(write)
        for i in range(300_000):
            feeder.put((i, 0.0, {}))
        self.assertTrue(feeder.close(60))
        self.assertEqual(taken, [300_000])
        self.assertLessEqual(most[0], 100_001)

    def test_a_sink_that_raises_stops_nobody(self) -> None:
        feeder = Feeder(lambda points: 1 / 0)  # type: ignore[arg-type,return-value]
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            feeder.put((0, 0.0, {}))
            self.assertTrue(feeder.close(10))
        self.assertIn("1 logged points are lost: ZeroDivisionError", stderr.getvalue())


class StdoutTest(unittest.TestCase):
    """Under ``besom agent``."""

    def test_lines_of_json_and_the_parameters_of_the_sweep(self) -> None:
        done = run_program(
            "import besom\n"
            "run = besom.init(config={'lr': 1, 'epochs': 2})\n"
            "for i in range(besom.config.epochs): besom.log({'loss': besom.config.lr * i, 'bad': float('nan')})\n"
            "assert run.id == '7' and run.url == 'http://127.0.0.1:9/e/p/runs/abcd1234', run.url\n",
            {"lr": 0.5},
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(
            metrics_of(done.stdout), [{"loss": 0.0, "bad": "NaN", "step": 0}, {"loss": 0.5, "bad": "NaN", "step": 1}]
        )

    def test_a_metric_never_stands_behind_a_half_printed_line(self) -> None:
        done = run_program(
            "import besom, time\n"
            "besom.init()\n"
            "for i in range(20):\n"
            "    print('.', end='', flush=True)\n"
            "    besom.log({'loss': i})\n"
            "    time.sleep(0.03)\n"
        )
        self.assertEqual([line["loss"] for line in metrics_of(done.stdout)], list(range(20)))
        self.assertEqual(done.stdout.count("."), 20)

    def test_100_000_points_between_prints(self) -> None:
        done = run_program(
            "import besom\n"
            "besom.init()\n"
            "for i in range(100_000):\n"
            "    besom.log({'loss': i})\n"
            "    if i % 1000 == 0: print('at', i)\n"
        )
        self.assertEqual([line["loss"] for line in metrics_of(done.stdout)], list(range(100_000)))
        self.assertEqual(done.stdout.count("at "), 100)

    def test_an_exception_and_an_exit_lose_nothing(self) -> None:
        for end, code in (("raise ValueError('no')", 1), ("import sys; sys.exit(3)", 3), ("", 0)):
            done = run_program(f"import besom\nbesom.init()\nbesom.log({{'loss': 1}})\n{end}")
            with self.subTest(end):
                self.assertEqual((done.returncode, metrics_of(done.stdout)), (code, [{"loss": 1, "step": 0}]))

    def test_sigterm_is_an_exception_that_ends_quietly(self) -> None:
        code = (
            "import besom, time\n"
            "besom.init()\n"
            "besom.log({'loss': 1})\n"
            "try:\n"
            "    print('ready')\n"
            "    time.sleep(60)\n"
            "finally:\n"
            "    besom.log({'saved': 1})\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                env=to_env(folder),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            while "ready" not in lines[-1]:
                lines.append(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            stdout, stderr = process.communicate(timeout=30)
        self.assertEqual((process.returncode, stderr), (RunStopped.EXIT_CODE, ""))
        self.assertEqual(metrics_of("".join(lines) + stdout), [{"loss": 1, "step": 0}, {"saved": 1, "step": 1}])

    def test_a_forked_process_neither_repeats_nor_hangs(self) -> None:
        done = run_program(
            "import besom, os, multiprocessing\n"
            "besom.init()\n"
            "for i in range(1000): besom.log({'loss': i})\n"
            "def work(): besom.log({'worker': 1})\n"
            "process = multiprocessing.get_context('fork').Process(target=work)\n"
            "process.start(); process.join(20)\n"
            "assert process.exitcode == 0, process.exitcode\n"
            "if os.fork() == 0: os._exit(0)\n"
            "os.wait()\n"
            "besom.log({'loss': 1000})\n"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = metrics_of(done.stdout)
        self.assertEqual([line["loss"] for line in lines if "loss" in line], list(range(1001)))

    def test_parameters_that_came_as_arguments_are_no_reason_to_warn(self) -> None:
        code = "import besom\nbesom.init()\nbesom.log({'loss': 1})"
        with tempfile.TemporaryDirectory() as folder:
            env = to_env(folder, {"lr": 1, "depth": 2})
            done = subprocess.run(
                [sys.executable, "-c", code, "--lr=1"], env=env, capture_output=True, text=True, timeout=60
            )
        self.assertNotIn("'lr'", done.stderr)
        self.assertIn("the sweep sets 'depth', but the training program never read it", done.stderr)


class RelayTest(unittest.TestCase):
    """Between a Python agent and its child."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "run.sock")
        self.points: list[Point] = []
        self.notes: list[str] = []
        self.relay = Relay(self.path, self.points.extend, self.notes.append, lambda: None, lambda step: None)
        self.relay.start()
        self.addCleanup(self.relay.close)

    def test_points_and_notes_arrive_before_finish_returns(self) -> None:
        sink = SocketSink(self.path)
        for i in range(500):
            sink.write([(i, 1.5, {"loss": i, "bad": float("inf"), "none": None})])
        sink.note("hear")
        self.assertTrue(sink.finish(10))
        self.assertEqual([point[0] for point in self.points], list(range(500)))
        self.assertEqual(self.points[7], (7, 1.5, {"loss": 7, "bad": "Infinity"}))
        self.assertEqual(self.notes, ["hear"])

    def test_steps_go_forward_over_all_processes(self) -> None:
        first, second = SocketSink(self.path), SocketSink(self.path)
        first.write([(5, 0.0, {"a": 1})])
        self.assertTrue(first.finish(10))
        second.write([(4, 0.0, {"b": 1}), (5, 0.0, {"b": 2})])
        self.assertTrue(second.finish(10))
        self.assertEqual([point[2] for point in self.points], [{"a": 1}, {"b": 2}])
        self.assertIn("that go backwards are not kept", self.notes[0])

    def test_a_process_that_dies_in_the_middle_of_a_line_spoils_nothing(self) -> None:
        sink = SocketSink(self.path)
        sink.write([(0, 0.0, {"a": 1})])
        assert sink._socket is not None
        while not self.points:
            time.sleep(0.01)
        sink._socket.sendall(b'{"points": [[1, 0, {"a"')
        sink._socket.close()
        sink._socket = None
        self.relay._readers[0][0].join(10)
        sink.write([(1, 0.0, {"a": 2})])
        self.assertTrue(sink.finish(10))
        self.relay.close()
        self.assertEqual([point[2] for point in self.points], [{"a": 1}, {"a": 2}])

    def test_a_descendant_of_the_child_may_report(self) -> None:
        code = (
            "import besom, os\n"
            "besom.init()\n"
            "besom.log({'parent': 1})\n"
            "besom.run.flush()\n"
            "if os.fork() == 0:\n"
            "    besom.log({'worker': 1})\n"
            "    besom.finish()\n"
            "    os._exit(0)\n"
            "os.wait()\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            env = to_env(folder, BESOM_REPORT=f"unix:{self.path}")
            done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual([dict(values) for _, _, values in self.points], [{"parent": 1}, {"worker": 1}])


class VersionTest(unittest.TestCase):
    def test_it_is_that_of_the_server(self) -> None:
        manifest = ROOT.parent / "package.json"
        if not manifest.exists():
            self.skipTest("outside of a checkout")
        self.assertEqual(besom.__version__, json.loads(manifest.read_text())["version"])

    def test_nothing_but_the_standard_library_is_imported(self) -> None:
        code = "import sys, besom; print(*{name.partition('.')[0] for name in sys.modules})"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {code}"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.stderr, "")
        if sys.version_info >= (3, 10):
            extra = set(done.stdout.split()) - set(sys.stdlib_module_names) - {"besom", "__main__", "__mp_main__"}
            self.assertEqual(extra, set())


if os.name != "posix":
    del RelayTest, StdoutTest
