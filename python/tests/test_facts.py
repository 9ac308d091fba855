from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from besom._facts import MAX_DIFF_BYTES, Machine, keep_packages
from besom._programs._runtime import Runtimes
from besom._system import Watch


class FactsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def git(self, *words: str) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "GIT_CONFIG_NOSYSTEM": "1"}
        names = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(["git", *names, *words], cwd=self.folder, env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_a_repository_is_described_without_secrets_and_again_when_its_head_moves(self) -> None:
        file = Path(self.folder, "train.py")
        self.git("init", "-q", "-b", "main")
        file.write_text("a = 1\n")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "one")
        self.git("remote", "add", "origin", "git+https://user:to@ken@example.org/repo.git")
        machine = Machine(self.folder)
        file.write_text("a = 2\n")
        facts, diff = machine.describe(["python", "train.py"])
        git = facts["git"]
        self.assertEqual((git["branch"], git["dirty"], git["diffCut"]), ("main", True, False))
        self.assertEqual(git["commit"], self.git("rev-parse", "HEAD"))
        self.assertEqual(git["remote"], "git+https://example.org/repo.git")
        self.assertIn("+a = 2", diff or "")
        self.assertEqual(facts["argv"], ["python", "train.py"])
        self.assertEqual(facts["python"], ".".join(map(str, sys.version_info[:3])))
        self.git("commit", "-qa", "-m", "two")
        facts, diff = machine.describe([])
        self.assertEqual(
            (facts["git"]["commit"], facts["git"]["dirty"], diff), (self.git("rev-parse", "HEAD"), False, None)
        )

    def test_a_long_diff_is_cut_at_the_end_of_a_line_and_left_out_where_it_is_not_wanted(self) -> None:
        self.git("init", "-q")
        file = Path(self.folder, "data")
        file.write_text("")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "one")
        file.write_text(("é" * 99 + "\n") * 3_000)
        facts, diff = Machine(self.folder).describe([])
        self.assertGreater(facts["git"]["diffBytes"], MAX_DIFF_BYTES)
        self.assertTrue(facts["git"]["diffCut"])
        assert diff is not None
        self.assertTrue(MAX_DIFF_BYTES - 300 < len(diff.encode()) <= MAX_DIFF_BYTES)
        self.assertTrue(diff.endswith("é\n"))
        facts, diff = Machine(self.folder, with_diff=False).describe([])
        self.assertEqual((facts["git"]["dirty"], diff), (True, None))

    def test_outside_of_a_repository_there_is_none_and_long_arguments_are_cut(self) -> None:
        facts, diff = Machine(self.folder, with_packages=False).describe(["python", "x" * 100_000, "y"])
        self.assertNotIn("git", facts)
        self.assertNotIn("packages", facts)
        self.assertIsNone(diff)
        self.assertLess(sum(map(len, facts["argv"])), 8_100)

    def test_as_many_packages_are_named_as_there_is_room_for(self) -> None:
        kept = keep_packages({f"package-{i:05}": "1.0.0" for i in range(10_000)})
        self.assertEqual(sorted(kept)[0], "package-00000")
        self.assertTrue(1_000 < len(kept) < 3_000)

    def test_the_interpreter_of_a_command_is_asked(self) -> None:
        runtimes = Runtimes(self.folder, os.environ)
        found = runtimes.of(["/usr/bin/env", sys.executable, "train.py"])
        self.assertEqual(found["python"], ".".join(map(str, sys.version_info[:3])))
        self.assertIsInstance(found["packages"], dict)
        self.assertEqual(runtimes.of(["./train.sh", "x"]), {})


class SystemTest(unittest.TestCase):
    @unittest.skipUnless(sys.platform == "linux", "what a process does is read from /proc")
    def test_a_run_is_all_that_descends_from_it(self) -> None:
        busy = "while True: pass"
        code = f"import subprocess, sys; print('on', flush=True); subprocess.run([sys.executable, '-c', {busy!r}])"
        root = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True, cwd=os.path.dirname(__file__)
        )
        try:
            assert root.stdout is not None
            root.stdout.readline()
            watch = Watch(root.pid, ".", lambda sample: None)
            watch.close()
            values: dict[str, float] = {}
            for _ in range(200):
                values = watch.look()
                if values.get("cpu", 0) > 0 and "cpu.machine" in values:
                    break
                subprocess.run(["sleep", "0.02"])
            self.assertGreater(values["cpu"], 0)
            self.assertGreater(values["memory"], 5_000_000)
            for name in ("cpu.machine", "memory.machine", "disk.machine"):
                self.assertTrue(0 <= values[name] <= 100, name)
        finally:
            os.killpg(root.pid, 9)
            root.wait()
            if root.stdout is not None:
                root.stdout.close()
