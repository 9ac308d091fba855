from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from support import serving

from besom._cli import main

KEY = f"besom-{'k' * 43}"


class LoginTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = Path(folder.name)
        env = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": folder.name, "BESOM_DATA_DIR": f"{folder.name}/none"}
        patched = mock.patch.dict(os.environ, env, clear=True)
        patched.start()
        self.addCleanup(patched.stop)
        self.polls = 0

    def reply(self, body: dict[str, Any]) -> tuple[int, Any]:
        if "query" in body:
            return 200, {"data": {"viewer": {"name": "ada"}}}
        if "label" in body:
            page = "http://h:3000/device?code=ABCD-EFGH"
            times = {"intervalMs": 1, "expiresAt": "2999-01-01T00:00:00.000Z"}
            return 200, {"deviceCode": "secret", "userCode": "ABCD-EFGH", "url": page, **times}
        self.polls += 1
        return 200, {"status": "pending"} if self.polls < 3 else {"status": "approved", "key": KEY, "name": "x"}

    def login(self, words: list[str], stdin: str = "") -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), mock.patch("sys.stdin", io.StringIO(stdin)):
            return main(["login", *words]), said.getvalue()

    def kept(self) -> dict[str, Any]:
        file = self.config / "besom/credentials.json"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        kept: dict[str, Any] = json.loads(file.read_text())
        return kept

    def test_a_browser_lets_a_terminal_in(self) -> None:
        with serving(self.reply) as url:
            code, said = self.login([url])
        self.assertEqual((code, self.polls), (0, 3), said)
        self.assertIn("compare the code: ABCD-EFGH", said)
        self.assertNotIn(KEY, said)
        (profile,) = self.kept()["profiles"].values()
        self.assertEqual(profile, {"url": url, "key": KEY, "user": "ada"})

    def test_a_key_comes_by_standard_input_and_profiles_lie_side_by_side(self) -> None:
        with serving(self.reply) as url, serving(self.reply) as other:
            self.assertEqual(self.login([url, "--key", "-"], f"{KEY}\n")[0], 0)
            self.assertEqual(self.login([other, "--key", "-"], f"{KEY}\n")[0], 0)
            self.assertEqual(self.login([url, "--key", "-"], f"{KEY}\n")[0], 0)
            kept = self.kept()
        self.assertEqual({one["url"] for one in kept["profiles"].values()}, {url, other})
        self.assertEqual(kept["profiles"][kept["default"]]["url"], url)

    def test_what_is_no_key_is_not_kept_and_what_a_page_can_not_be_is_not_shown(self) -> None:
        with serving(self.reply) as url:
            code, said = self.login([url, "--key", "-"], "besom-short\n")
        self.assertEqual(code, 2)
        self.assertNotIn("besom-short", said)
        evil = {"deviceCode": "s", "userCode": "A\x1b[2J", "url": "file:///etc/passwd", "intervalMs": 1}
        with serving(lambda body: (200, evil)) as url:
            code, said = self.login([url])
        self.assertEqual(code, 4)
        self.assertNotIn("\x1b", said)
        self.assertFalse((self.config / "besom/credentials.json").exists())
