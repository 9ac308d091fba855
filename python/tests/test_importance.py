from __future__ import annotations

import unittest
from collections.abc import Mapping
from typing import Any

from besom import BesomError
from besom.api import Api, Sweep

ROW = {"id": "abcd1234", "path": "ada/digits/abcd1234"}


class Asked(Api):
    """An API that answers by itself."""

    def __init__(self, late: int = 0) -> None:
        self.late = late
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, timeout: float = 0.0
    ) -> dict[str, Any]:
        self.asked.append((query, variables or {}))
        if len(self.asked) <= self.late:
            raise BesomError("TIMED_OUT", "the operation took longer than 30000 ms")
        return {"sweep": {**ROW, "importance": {"method": "gp", "parameters": [{"name": "lr"}]}}}


class ImportanceTest(unittest.TestCase):
    def test_what_is_given_is_asked_for_and_the_rest_is_left_to_the_server(self) -> None:
        api = Asked()
        chosen = {"field": "tags", "op": "notIn", "value": ["broken"]}
        answer = Sweep(api, ROW).importance("val/loss", method="gp", filters=chosen)
        self.assertEqual(answer["parameters"], [{"name": "lr"}])
        query, variables = api.asked[-1]
        self.assertEqual(variables["metric"], "val/loss")
        self.assertEqual((variables["method"], variables["filter"]), ("gp", chosen))
        self.assertIsNone(variables["scope"])
        for name in variables:
            self.assertIn(f"${name}:", query)

    def test_a_sweep_is_named_by_its_path_as_well(self) -> None:
        api = Asked()
        answer = api.importance("ada/digits/abcd1234", scope="project")
        self.assertEqual(answer["method"], "gp")
        (_, first), (_, second) = api.asked
        self.assertEqual(first["id"], "ada/digits/abcd1234")
        self.assertEqual((second["id"], second["scope"]), ("abcd1234", "project"))

    def test_what_takes_longer_than_the_server_waits_is_asked_for_again_and_not_for_ever(self) -> None:
        api = Asked(late=2)
        self.assertEqual(Sweep(api, ROW).importance()["method"], "gp")
        self.assertEqual(len(api.asked), 3)
        with self.assertRaises(BesomError):
            Sweep(Asked(late=3), ROW).importance()
