from __future__ import annotations

import unittest
from collections.abc import Mapping
from typing import Any

from besom.api import Api, Sweep

ROW = {"id": "abcd1234", "path": "ada/digits/abcd1234"}


class Asked(Api):
    """An API that answers by itself."""

    def __init__(self) -> None:
        self.timeout = 0.0
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, timeout: float = 0.0
    ) -> dict[str, Any]:
        self.asked.append((query, variables or {}))
        self.timeout = timeout
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
        self.assertGreater(api.timeout, 30.0, "the server itself gives up after 30 s")
        for name in variables:
            self.assertIn(f"${name}:", query)

    def test_a_sweep_is_named_by_its_path_as_well(self) -> None:
        api = Asked()
        answer = api.importance("ada/digits/abcd1234", scope="project")
        self.assertEqual(answer["method"], "gp")
        (_, first), (_, second) = api.asked
        self.assertEqual(first["id"], "ada/digits/abcd1234")
        self.assertEqual((second["id"], second["scope"]), ("abcd1234", "project"))
