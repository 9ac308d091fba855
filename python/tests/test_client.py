from __future__ import annotations

import json
import socket
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from support import serving

from besom._client import Client
from besom._credentials import find_credentials
from besom.errors import BesomError


class ClientTest(unittest.TestCase):
    def client(self, url: str, key: str | None = None) -> Client:
        client = Client(url, key)
        self.addCleanup(client.close)
        return client

    def test_a_server_that_is_away_for_a_moment_is_asked_again(self) -> None:
        answers: list[tuple[int, Any]] = [
            (503, "busy"),
            (200, {"errors": [{"message": "soon", "extensions": {"code": "UNAVAILABLE"}}]}),
            (200, {"data": {"a": 1}}),
        ]
        with serving(lambda _: answers.pop(0)) as url:
            self.assertEqual(self.client(url).ask("{ a }"), {"a": 1})
        self.assertEqual(answers, [])

    def test_a_refusal_is_raised_at_once_with_its_code_and_details(self) -> None:
        asked = []
        error = {"code": "NOT_FOUND", "message": "no such sweep", "details": {"id": "x"}}

        def reply(body: dict[str, Any]) -> tuple[int, Any]:
            asked.append(body)
            return 200, {"data": {"stopSweep": {"error": error}}}

        with serving(reply) as url, self.assertRaises(BesomError) as raised:
            self.client(url).mutate("mutation ...", {"sweepId": "x"})
        self.assertEqual((raised.exception.code, raised.exception.details), ("NOT_FOUND", {"id": "x"}))
        self.assertEqual(len(asked), 1)
        self.assertEqual(asked[0]["variables"], {"input": {"sweepId": "x"}})

    def test_a_mutation_of_the_users_own_is_sent_twice_only_if_that_does_no_harm(self) -> None:
        asked = []

        def reply(body: dict[str, Any]) -> tuple[int, Any]:
            asked.append(body)
            return (503, "busy") if len(asked) == 1 else (200, {"data": {}})

        with serving(reply) as url:
            with self.assertRaises(BesomError):
                self.client(url).ask_of_user("mutation { createSweep }")
            self.assertEqual(len(asked), 1)
            asked.clear()
            self.client(url).ask_of_user("mutation { createSweep }", {"input": {"clientMutationId": "x"}})
            asked.clear()
            self.client(url).ask_of_user("{ viewer { name } }")
            self.assertEqual(len(asked), 2)
            asked.clear()
            self.client(url).ask_of_user("{ sweep { importance { parameters { permutation } } } }")
            self.assertEqual(len(asked), 2)

    def test_a_wrong_key_names_the_way_out(self) -> None:
        answer = {"errors": [{"message": "this key is unknown", "extensions": {"code": "UNAUTHENTICATED"}}]}
        with serving(lambda _: (401, answer)) as url, self.assertRaisesRegex(BesomError, "besom login"):
            self.client(url, "k").ask("{ a }")

    def test_something_else_that_answers_is_no_besom_server(self) -> None:
        with serving(lambda _: (404, "<html>")) as url, self.assertRaisesRegex(BesomError, "not a Besom server"):
            self.client(url).ask("{ a }")

    def test_nobody_there(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with self.assertRaisesRegex(BesomError, "connection refused.*npm start") as raised:
                self.client(url).ask("{ a }", patience=0.2)
        self.assertEqual(raised.exception.code, "SERVER_UNREACHABLE")

    def test_a_connection_that_the_server_closed_meanwhile_is_no_trouble(self) -> None:
        troubles: list[BesomError] = []
        with serving(lambda _: (200, {"data": {"a": 1}})) as url:
            client = self.client(url)
            client.ask("{ a }")
            client._transport._local.connection.sock.shutdown(socket.SHUT_RDWR)
            self.assertEqual(client.ask("{ a }", on_trouble=troubles.append), {"a": 1})
        self.assertEqual(troubles, [])

    def test_an_address_that_is_none(self) -> None:
        for url in ("localhost:3000", "ftp://x", "http://x:port", ""):
            with self.subTest(url), self.assertRaisesRegex(BesomError, "BESOM_URL"):
                Client(url, None)


class CredentialsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = {"XDG_CONFIG_HOME": folder.name, "BESOM_DATA_DIR": f"{folder.name}/data"}
        self.folder = Path(folder.name)

    def keep(self, path: str, value: Any) -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(value))

    def test_the_environment_comes_first(self) -> None:
        found = find_credentials({**self.env, "BESOM_URL": " http://a:1 ", "BESOM_API_KEY": "k"})
        self.assertEqual((found.url, found.key, found.origin), ("http://a:1", "k", "BESOM_API_KEY"))

    def test_nothing_is_known(self) -> None:
        found = find_credentials(self.env)
        self.assertEqual((found.url, found.key), ("http://localhost:3000", None))

    def test_what_login_keeps(self) -> None:
        profiles = {"a": {"url": "http://a:1", "key": "ka"}, "b": {"url": "http://b:2/x", "key": "kb"}}
        self.keep("besom/credentials.json", {"default": "b", "profiles": profiles})
        self.assertEqual(find_credentials(self.env).key, "kb")
        self.assertEqual(find_credentials({**self.env, "BESOM_PROFILE": "a"}).url, "http://a:1")
        self.assertEqual(find_credentials({**self.env, "BESOM_URL": "http://a:1/"}).key, "ka")
        # A profile's key is never sent to another server than its own.
        self.assertIsNone(find_credentials({**self.env, "BESOM_URL": "http://c:1"}).key)
        with self.assertRaisesRegex(BesomError, "no profile 'c'; there are a, b"):
            find_credentials({**self.env, "BESOM_PROFILE": "c"})

    def test_a_server_on_this_machine(self) -> None:
        self.keep("data/credentials.json", {"url": "http://127.0.0.1:4000", "key": "local"})
        self.assertEqual(find_credentials(self.env).key, "local")
        self.assertEqual(find_credentials({**self.env, "BESOM_URL": "http://localhost:4000/"}).key, "local")
        self.assertIsNone(find_credentials({**self.env, "BESOM_URL": "http://localhost:4001"}).key)

    def test_a_broken_file_is_no_file(self) -> None:
        self.keep("besom/credentials.json", [1])
        self.assertIsNone(find_credentials(self.env).key)
        with mock.patch.dict("os.environ", self.env, clear=True):
            self.assertIsNone(find_credentials().key)
