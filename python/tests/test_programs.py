from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import types
import unittest
import warnings
from pathlib import Path
from typing import Any, cast
from unittest import mock

from support import is_alive, run_program

from besom import BesomError
from besom._checkpoints import drop_if_empty, make_checkpoint_dir
from besom._cli import main, to_parser
from besom._cli._agent import is_well_done
from besom._cli._place import check_place, split_path
from besom._client import Client
from besom._credentials import find_credentials
from besom._delivery import Delivery
from besom._desk import Desk
from besom._ends import Ends
from besom._failures import Failures
from besom._janitor import MARK, Janitor
from besom._lines import fold_returns
from besom._points import Point
from besom._programs._attempt import Context, ProgramAttempt
from besom._programs._command import Facts, expand, to_local, unknown_macros
from besom._programs._devices import find_devices, share_devices, to_ids
from besom._programs._intake import Intake
from besom._programs._ladder import Ladder
from besom._programs._metric_line import MetricLine, parse_metric_line, parse_resumed_line
from besom._programs._pattern import Pattern, read_line
from besom._programs._process import Process
from besom._programs._progress import Progress, to_duration
from besom._programs._readings import MAX_HELD, Readings
from besom._programs._runtime import Runtimes
from besom._run import RunFacts

TABLE = (
    Path(os.environ.get("BESOM_FIXTURES") or Path(__file__).resolve().parents[2] / "test/fixtures") / "commands.json"
)


class CommandTest(unittest.TestCase):
    def test_words_become_what_wandb_makes_of_them(self) -> None:
        cases = json.loads(TABLE.read_text("utf-8"))["cases"]
        self.assertGreater(len(cases), 100)
        for case in cases:
            with self.subTest(case["name"]):
                facts = Facts(case["program"], json.loads(case["params"]), "{params_file}", case["env"])
                self.assertEqual(expand(case["command"], facts), case["argv"])

    def test_parameters_are_sorted_within_and_without(self) -> None:
        facts = Facts(None, {"b": {"z": 1, "a": [{"d": 1, "c": 2}]}, "a": 1}, "f", {})
        self.assertEqual(expand(["${args_json}"], facts), ['{"a": 1, "b": {"a": [{"c": 2, "d": 1}], "z": 1}}'])

    def test_what_no_macro_is_gets_told(self) -> None:
        self.assertEqual(
            unknown_macros(["python", "${argz}", "x ${args}", "${envvar:HOME}", "$HOME", "${program}"]),
            [("${argz}", "is left out"), ("${args}", "is passed on as it stands")],
        )

    def test_python3_stands_in_where_there_is_no_python(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "python3").touch(0o755)
            self.assertEqual(to_local(None, folder), ["${env}", "python3", "${program}", "${args}"])
            self.assertIsNone(to_local(["./train.sh"], folder))
            (Path(folder) / "python").touch(0o755)
            self.assertIsNone(to_local(None, folder))


class MetricLineTest(unittest.TestCase):
    def test_objects_with_a_number_or_a_step_are_metrics(self) -> None:
        for line, expected in (
            ('{"loss": 0.5}', MetricLine(None, {"loss": 0.5})),
            (' {"step": 3, "train": {"loss": 1, "x": {"y": 2}}} ', MetricLine(3, {"train.loss": 1, "train.x.y": 2})),
            ('{"step": "12", "a": "text"}', MetricLine(12, {"a": "text"})),
            ('{"_step": 4.0, "a": null, "b": true}', MetricLine(4, {"b": True})),
            ('{"step": -1, "a": 1}', MetricLine(None, {"step": -1, "a": 1})),
            ('{"a": NaN}', None),
            ('{"msg": "hello", "on": true}', None),
            ('{"step": 3}', None),
            ('\ufeff{"a": 1}\u3000\r', MetricLine(None, {"a": 1})),
            ('{"a": 1}\x1c', None),
            ("{}", None),
            ("[1]", None),
            ('{"a": 1} ok', None),
            ('{"a": ' * 50_000, None),
        ):
            with self.subTest(line[:40]):
                found = parse_metric_line(line)
                if line == '{"a": NaN}':
                    self.assertEqual(list(found.values) if found else None, ["a"])
                else:
                    self.assertEqual(found, expected)

    def test_where_a_program_went_on_is_said_alone(self) -> None:
        self.assertEqual(parse_resumed_line('{"resumed_from_step": 41}'), 41)
        self.assertIsNone(parse_resumed_line('{"resumed_from_step": 41, "loss": 1}'))
        self.assertIsNone(parse_resumed_line('{"resumed_from_step": -1}'))


class PatternTest(unittest.TestCase):
    def test_named_groups_are_metrics_and_one_is_the_step(self) -> None:
        patterns = [Pattern(r"epoch (?<step>\d+)"), Pattern(r"loss=(?P<loss>\S+)(?: note=(?P<note>\w+))?\z")]
        for line, expected in (
            ("epoch 3 loss=1e-05", MetricLine(3, {"loss": 1e-05})),
            ("loss=-inf note=odd", MetricLine(None, {"loss": float("-inf"), "note": "odd"})),
            ("epoch 3", None),
            ("nothing", None),
            ("x" * 5_000 + "loss=1", None),
        ):
            with self.subTest(line[:30]):
                self.assertEqual(read_line(patterns, line), expected)

    def test_what_python_writes_otherwise_means_what_it_means_in_re2(self) -> None:
        for source, line, expected in (
            (r"\(?<(?P<x>\d+)", "<5", "5"),
            ("[[:digit:]]+ (?P<x>[[:digit:].]+)", "12 3.4", "3.4"),
            (r"a{,2}(?P<x>\d)", "a{,2}7", "7"),
            (r"(?P<x>\w+)=", "\u00e9=b=", "b"),
            (r"(?P<x>\d+)", "\u0663", None),
            (r"(?P<x>\d+)\\z\z", r"5\z", "5"),
            (r"\Q(?<\E(?<x>[]\d]+)", "(?<]5", "]5"),
            (r"\x{e9}(?P<x>[[&|~]+)", "\u00e9[&", "[&"),
        ):
            with self.subTest(source), warnings.catch_warnings():
                warnings.simplefilter("error")
                self.assertEqual(Pattern(source).read(line).get("x"), expected)

    def test_what_could_take_for_ever_is_refused_or_cut_short(self) -> None:
        for source in (
            "(a+)+$(?P<x>b)",
            r"(?P<x>(\d+)*)",
            "(?P<x>a",
            r"(?P<x>\p{Greek})",
            "(?U)(?P<x>a+)",
            "(?P<x>[[:^digit:]])",
        ):
            with self.subTest(source), self.assertRaises(ValueError):
                Pattern(source)
        slow = Pattern(".*a.*a.*a.*(?P<x>b)")
        start = time.perf_counter()
        self.assertEqual(slow.read("a" * 100_000), {})
        self.assertLess(time.perf_counter() - start, 10)


class ReadingsTest(unittest.TestCase):
    def read(self, lines: list[tuple[int | None, float]]) -> tuple[list[tuple[int, Any]], Readings, list[bool]]:
        points: list[Point] = []
        readings = Readings(("a", "minimize"), points.append)
        kept = [readings.read(MetricLine(step, {"a": value}), 1.0) for step, value in lines]
        readings.end()
        return [(step, values["a"]) for step, _, values in points], readings, kept

    def test_lines_without_a_step_count_unless_a_step_shows_up(self) -> None:
        self.assertEqual(self.read([(None, 1), (None, 2), (None, 3)])[0], [(0, 1), (1, 2), (2, 3)])
        self.assertEqual(self.read([(None, 1), (None, 2), (1, 3), (None, 4)])[0], [(0, 1), (1, 2), (1, 3), (1, 4)])
        self.assertEqual(self.read([(None, i) for i in range(MAX_HELD + 3)])[0][-1], (MAX_HELD + 2, MAX_HELD + 2))

    def test_steps_go_forward_and_the_best_is_known(self) -> None:
        points, readings, kept = self.read([(5, 2.0), (4, 1.0), (6, 1.5), (7, float("nan"))])
        self.assertEqual([step for step, _ in points], [5, 6, 7])
        self.assertEqual((readings.best, kept), (1.5, [True, False, True, True]))

    def test_a_resumed_program_counts_on(self) -> None:
        told: list[str] = []

        class Kept:
            resumed: int | None = None
            points: list[Point] = []

            def log(self, points: list[Point]) -> None:
                self.points += points

            def resume(self, step: int) -> None:
                self.resumed = step

        kept = Kept()
        intake = Intake(cast(Delivery, kept), None, [], lambda code, message: told.append(code))
        for line in ('{"resumed_from_step": 41}', '{"a": 1}', '{"resumed_from_step": 1}', "plain"):
            intake.read(line)
        intake.end()
        self.assertEqual((kept.resumed, [step for step, _, _ in kept.points], told), (41, [42], ["STEP_BACKWARDS"]))


class EndsTest(unittest.TestCase):
    def test_of_a_long_output_both_ends_are_kept(self) -> None:
        lines: list[str] = []
        cut: list[str] = []
        ends = Ends(lambda stream, text: lines.append(text), cut.append, head_bytes=20, tail_length=20)
        for i in range(100):
            ends.push("stdout", f"line {i:03}\n")
        self.assertEqual(len(cut), 1)
        ends.end()
        self.assertEqual(lines[:3], ["line 000\n", "line 001\n", "line 002\n"])
        self.assertEqual(lines[3], "[besom: 95 lines (855 bytes) are left out here]\n")
        self.assertEqual(lines[4:], ["line 098\n", "line 099\n"])

    def test_bars_are_folded(self) -> None:
        self.assertEqual([fold_returns(text) for text in ("a\rb", "a\rb\r", "\r", "a")], ["b", "b", "", "a"])


class LadderTest(unittest.TestCase):
    def test_presses_climb_and_one_press_counts_once(self) -> None:
        ladder = Ladder()
        stages: list[str] = []
        ladder.on_climb(stages.append)
        for now in (0.0, 0.1, 1.0, 2.0, 3.0):
            ladder.hear(signal.SIGINT, now)
        self.assertEqual(stages, ["finishing", "stopping", "killing"])

    def test_sigterm_and_sighup_are_one_wish_that_no_ctrl_c_swallows(self) -> None:
        ladder = Ladder()
        ladder.hear(signal.SIGINT, 0.0)
        ladder.hear(signal.SIGTERM, 0.1)
        self.assertEqual(ladder.stage, "stopping")
        ladder.hear(signal.SIGHUP, 0.15)
        self.assertEqual(ladder.stage, "stopping")

    def test_sigterm_stops_at_once_and_kills_the_second_time(self) -> None:
        ladder = Ladder()
        ladder.hear(signal.SIGTERM, 0.0)
        self.assertEqual(ladder.stage, "stopping")
        ladder.hear(signal.SIGTERM, 1.0)
        self.assertEqual(ladder.stage, "killing")

    def test_where_programs_get_each_signal_they_decide(self) -> None:
        ladder = Ladder(forwards=True)
        heard: list[int] = []
        ladder.on_signal = heard.append
        ladder.hear(signal.SIGUSR1, 0.0)
        ladder.hear(signal.SIGTERM, 1.0)
        self.assertEqual((ladder.stage, heard), ("finishing", [signal.SIGUSR1, signal.SIGTERM]))

    def test_under_nohup_a_closed_terminal_is_nothing(self) -> None:
        code = (
            "import os, signal, time\nfrom besom._programs._ladder import Ladder\n"
            "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nladder = Ladder()\nladder.listen()\n"
            "os.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(0.1)\nprint(ladder.stage)\n"
            "os.kill(os.getpid(), signal.SIGTERM)\n"
            "while ladder.stage == 'working':\n    time.sleep(0.01)\nprint(ladder.stage)\n"
        )
        self.assertEqual(run_program(code).stdout.split(), ["working", "stopping"])


class AttemptTest(unittest.TestCase):
    def test_a_program_that_can_not_be_followed_is_killed_and_no_secret_is_shown(self) -> None:
        shown: list[str] = []
        janitor = Janitor()
        attempt = self.make(janitor, shown)
        no_thread = mock.patch("besom._programs._attempt.Output", side_effect=RuntimeError("can't start new thread"))
        with no_thread, contextlib.redirect_stderr(io.StringIO()), self.assertRaises(RuntimeError):
            attempt.run()
        janitor.close()
        assert attempt.started is not None
        self.assertFalse(is_alive(attempt.started["pid"]))
        self.assertEqual(shown, ["/bin/sh -c 'sleep 60' '$TOKEN'"])

    def test_a_disk_that_is_full_says_where(self) -> None:
        janitor = Janitor()
        full = mock.patch.object(Path, "write_text", side_effect=OSError(28, "No space left on device"))
        with (
            full,
            contextlib.redirect_stderr(io.StringIO()),
            self.assertRaisesRegex(BesomError, "set TMPDIR") as caught,
        ):
            self.make(janitor, []).run()
        janitor.close()
        self.assertEqual(caught.exception.code, "COMMAND_NOT_STARTED")

    def make(self, janitor: Janitor, shown: list[str]) -> ProgramAttempt:
        errands = types.SimpleNamespace(run=print, warn=print)
        context = Context(
            client=cast(
                Client,
                types.SimpleNamespace(url="http://127.0.0.1:9", mutate=lambda *given, **more: {"state": "preempted"}),
            ),
            desk=cast(Desk, types.SimpleNamespace(errands=errands)),
            sweep={"program": None, "metric": None},
            command=["/bin/sh", "-c", "sleep 60", "${envvar:TOKEN}"],
            patterns=[],
            janitor=janitor,
            runtimes=Runtimes("/", {}),
            progress=Progress(),
            cwd=tempfile.gettempdir(),
            env={"PATH": os.environ["PATH"], "TOKEN": "secret", "BESOM_CHECKPOINT_ROOT": str(janitor.folder)},
            command_warnings=[],
            on_command=shown.append,
            is_ending=lambda: False,
        )
        facts = RunFacts("7", "abcd1234", "first", 1, "", "p", "e", "efgh5678")
        return ProgramAttempt(facts, {"params": "{}", "apiKey": "k"}, context, 0, None)


class SurroundingsTest(unittest.TestCase):
    def test_names_do_nothing_to_the_terminal(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            Progress(color=True).started("a\x1b]0;b\x07", '{"c": "\u009b2J\u202e"}')
        self.assertIn('\x1b[1ma␛]0;b␇\x1b[0m started  {"c": "\ufffd2J\ufffd"}', said.getvalue())

    def test_a_user_without_a_name_and_a_home_needs_none(self) -> None:
        env = {"BESOM_URL": "http://127.0.0.1:9", "BESOM_API_KEY": "k"}
        with mock.patch.object(Path, "home", side_effect=RuntimeError):
            self.assertEqual(find_credentials(env).key, "k")

    def test_a_sweep_behind_gpus_is_one(self) -> None:
        env = {"BESOM_URL": "http://127.0.0.1:9", "CUDA_VISIBLE_DEVICES": "", "WANDB_AGENT_KILL_DELAY": "soon"}
        for words, told in (
            (["--gpus", "abcd1234"], "KILL_DELAY"),
            (["--gpus", "e/p/abcd1234"], "KILL_DELAY"),
            (["--gpus", "0,1"], "which sweep"),
            ([], "which sweep"),
        ):
            said = io.StringIO()
            with self.subTest(words), mock.patch.dict(os.environ, {**env, "BESOM_API_KEY": "k"}):
                with contextlib.redirect_stderr(said):
                    self.assertEqual(main(["agent", *words]), 2)
                self.assertIn(told, said.getvalue())

    def test_a_grace_that_is_no_time_says_so(self) -> None:
        said = io.StringIO()
        env = {"WANDB_AGENT_KILL_DELAY": "soon", "BESOM_URL": "http://127.0.0.1:9", "BESOM_API_KEY": "k"}
        with mock.patch.dict(os.environ, env), contextlib.redirect_stderr(said):
            self.assertEqual(main(["agent", "abcd1234"]), 2)
        self.assertIn('WANDB_AGENT_KILL_DELAY: "soon" is no time', said.getvalue())


class FailuresTest(unittest.TestCase):
    def count(self, outcomes: str, env: dict[str, str] | None = None, seconds: float = 1.0, **more: int) -> int | None:
        """After how many outcomes (f: finished, x: failed, k: failed by a signal) the agent gives up."""
        failures = Failures(env or {}, now=0.0, **more)
        for number, letter in enumerate(outcomes, 1):
            reason = failures.add(
                "finished" if letter == "f" else "failed", -9 if letter == "k" else 1, number * seconds
            )
            if reason is not None:
                self.assertEqual(reason.code, "FAILING_AT_ONCE")
                return number
        return None

    def test_the_rules_are_those_of_wandb(self) -> None:
        self.assertEqual(self.count("xxxxx"), 3)
        self.assertEqual(self.count("xxkkkkx"), 7)
        self.assertEqual(self.count("fxxxxxxx"), 6)
        self.assertEqual(self.count("ffffffxxxxx"), None)
        self.assertEqual(self.count("xxxxxxx", seconds=30), 5)
        self.assertEqual(self.count("xxxxxxx", {"WANDB_AGENT_DISABLE_FLAPPING": "true"}), 5)
        self.assertEqual(self.count("xxxxxxx", {"WANDB_AGENT_MAX_INITIAL_FAILURES": "6"}, seconds=30), 6)
        self.assertEqual(self.count("fxkfkk", in_a_row=2), 3)
        with self.assertRaisesRegex(BesomError, "expected a whole number"):
            Failures({"WANDB_AGENT_MAX_INITIAL_FAILURES": "many"})


class ProcessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.janitor = Janitor()
        self.addCleanup(self.janitor.close)

    def start(self, *argv: str, grace: float = 5.0) -> Process:
        env = {"PATH": os.environ["PATH"], MARK: self.janitor.mark, "BESOM_RUN_ID": "1"}
        process = Process(argv, cwd="/", env=env, janitor=self.janitor, grace=grace)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def test_all_it_started_ends_with_it(self) -> None:
        process = self.start("sh", "-c", "sleep 987 & setsid sleep 987 & echo $!; exec sleep 0.05")
        self.assertEqual(process.wait(), 0)
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        self.assertNotIn("sleep 987", listed.splitlines())

    def test_sigterm_comes_first_and_sigkill_after_the_grace(self) -> None:
        polite = self.start("sh", "-c", "trap 'exit 9' TERM; echo on; while :; do sleep 0.01; done")
        self.assertEqual(polite.stdout.read(3), b"on\n")
        polite.stop()
        self.assertEqual(polite.wait(), 9)
        deaf = self.start("sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.01; done", grace=0.1)
        self.assertEqual(deaf.stdout.read(3), b"on\n")
        deaf.stop()
        self.assertEqual(deaf.wait(), -9)

    def test_what_can_not_be_started_says_why(self) -> None:
        for argv, why in (
            (["no-such-program"], "there is no program"),
            (["/etc/passwd"], "may not be run"),
            ([], "empty"),
        ):
            with self.subTest(argv), self.assertRaisesRegex(BesomError, why) as raised:
                self.start(*argv)
            self.assertEqual(raised.exception.code, "COMMAND_NOT_STARTED")


class PlaceTest(unittest.TestCase):
    def test_sweeps_are_named_by_id_path_or_page(self) -> None:
        for text, expected in (
            ("abcd1234", (None, None, "abcd1234")),
            ("p/abcd1234", (None, "p", "abcd1234")),
            ("e/p/abcd1234", ("e", "p", "abcd1234")),
            ("http://h:3000/e/p/sweeps/abcd1234", ("e", "p", "abcd1234")),
        ):
            self.assertEqual(split_path(text), expected)
        for text in ("", "abc", "a/b/c/abcd1234", "/abcd123"):
            with self.subTest(text), self.assertRaises(BesomError):
                split_path(text)
        check_place("e/p/abcd1234", None, None, ("e", "p", "abcd1234"))
        with self.assertRaisesRegex(BesomError, "is not in e/q"):
            check_place("abcd1234", None, "q", ("e", "p", "abcd1234"))

    def test_devices_are_shared(self) -> None:
        self.assertEqual(share_devices(["0", "1", "2"], 2), ["0", "1,2"])
        self.assertEqual(to_ids("0-2, 5,GPU-5ab"), ["0", "1", "2", "5", "GPU-5ab"])
        for text in ("", "a", "3-1", "1,1"):
            with self.subTest(text), self.assertRaisesRegex(BesomError, "--gpus"):
                to_ids(text)
        self.assertEqual(find_devices(True, {"CUDA_VISIBLE_DEVICES": "2,3,-1,4"}), [("2", "2"), ("3", "3")])
        self.assertEqual(share_devices(["0", "1"], 3), ["0", "1", "0"])

    def test_a_folder_of_checkpoints_stays_only_when_something_lies_in_it(self) -> None:
        facts = RunFacts("7", "abcd1234", "seventh", 1, "", "p", "e", "efgh5678")
        with tempfile.TemporaryDirectory() as cwd:
            folder = make_checkpoint_dir(facts, {}, cwd)
            self.assertEqual(folder, Path(cwd) / ".besom/checkpoints/efgh5678/abcd1234")
            drop_if_empty(folder)
            self.assertFalse((Path(cwd) / ".besom").exists())
            folder = make_checkpoint_dir(facts, {"BESOM_CHECKPOINT_ROOT": f"{cwd}/root"}, "/")
            assert folder is not None
            (folder / "model").touch()
            drop_if_empty(folder)
            self.assertTrue((Path(cwd) / "root/efgh5678/abcd1234/model").exists())


class CommandLineTest(unittest.TestCase):
    def test_exit_codes_and_help(self) -> None:
        parsed = to_parser().parse_args(["agent", "abcd1234", "-n", "3", "--slots", "2"])
        self.assertEqual((parsed.count, parsed.slots, parsed.show_output), (3, 2, False))
        for words, code in ((["agent", "abcd1234", "--count", "0"], 2), (["--version"], 0), (["bake"], 2)):
            with self.subTest(words), self.assertRaises(SystemExit) as left:
                run_silently(words)
            self.assertEqual(left.exception.code, code)
        self.assertEqual(run_silently(["sweep", "/no/such.yaml"]), 2)
        self.assertEqual(run_silently(["sweep", "--pause", "nothing"]), 2)
        self.assertEqual(run_silently(["login", "http://h", "--key", "besom-x"]), 2)

    def test_an_agent_takes_what_the_agent_on_node_takes(self) -> None:
        page = (TABLE.parents[2] / "docs/cli.md").read_text("utf-8")
        block = page[page.index("Usage: besom agent ") :]
        flags = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", block[: block.index("```")], re.MULTILINE))
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text), self.assertRaises(SystemExit):
            main(["agent", "--help"])
        own = set(re.findall(r"(--[\w-]+)", help_text.getvalue()))
        self.assertGreater(len(flags), 10)
        self.assertEqual(flags - own, {"--recover"})

    def test_an_agent_has_done_well_when_something_did(self) -> None:
        self.assertTrue(is_well_done({}))
        self.assertTrue(is_well_done({"failed": 1, "finished": 1}))
        self.assertFalse(is_well_done({"failed": 2}))
        self.assertFalse(is_well_done({"finished": 2, "preempted": 1}))

    def test_times_are_short(self) -> None:
        self.assertEqual([to_duration(s) for s in (4.1, 185, 7800)], ["4.1 s", "3 min 05 s", "2 h 10 min"])


def run_silently(words: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(words)
