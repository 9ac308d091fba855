from __future__ import annotations

import contextlib
import io
import unittest
from argparse import Namespace

from besom import BesomError
from besom._config import Config
from besom._summary import Definition, Summary, to_kinds


def said(call: object) -> str:
    """What is written to stderr."""
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        call()  # type: ignore[operator]
    return stderr.getvalue()


class ConfigTest(unittest.TestCase):
    def test_attributes_and_items_are_the_same(self) -> None:
        config = Config({"lr": 0.1, "keys": 3})
        config.epochs = 5
        config["batch"] = 32
        self.assertEqual((config.lr, config["epochs"], config.batch, config["keys"]), (0.1, 5, 32, 3))
        self.assertEqual(dict(config), {"lr": 0.1, "keys": 3, "epochs": 5, "batch": 32})
        self.assertEqual({**config}, config.as_dict())
        del config["batch"]
        self.assertNotIn("batch", config)
        self.assertEqual(config.get("batch", 1), 1)

    def test_what_the_sweep_sets_wins_and_stays(self) -> None:
        config = Config({"lr": 1, "epochs": 2}, locked={"lr": 0.5})
        self.assertEqual(config.lr, 0.5)
        self.assertIn("'lr' was set by the sweep to 0.5", said(lambda: setattr(config, "lr", 3)))
        self.assertEqual(said(lambda: config.update({"lr": 0.5, "epochs": 7})), "")
        self.assertEqual((config.lr, config.epochs), (0.5, 7))
        config.update(Namespace(epochs=8), seed=1)
        config.setdefaults({"epochs": 9, "x": 1})
        self.assertEqual((config.epochs, config.seed, config.x), (8, 1, 1))

    def test_a_missing_one_names_those_that_are_there(self) -> None:
        config = Config({"lr": 1})
        with self.assertRaisesRegex(AttributeError, "no parameter 'rate'; it has: lr"):
            _ = config.rate
        self.assertFalse(hasattr(config, "rate"))
        with self.assertRaises(KeyError):
            _ = config["rate"]

    def test_what_was_not_read_is_known(self) -> None:
        config = Config(locked={"a": 1, "b": 2, "c": 3})
        _ = config.a, config["b"], "c" in config
        self.assertEqual(config.unread, {"c"})
        _ = dict(config)
        self.assertEqual(config.unread, frozenset())


class SummaryTest(unittest.TestCase):
    def test_the_last_value_or_what_was_asked_for(self) -> None:
        summary = Summary()
        summary.define(Definition("acc", kinds=to_kinds("max, mean")))
        summary.define(Definition("val/*", kinds=("best",), goal="minimize"))
        summary.define(Definition("hidden", kinds=("none",)))
        for i, loss in enumerate((3.0, 1.0, float("nan"), 2.0)):
            summary.observe({"acc": i, "val/loss": loss, "loss": loss, "hidden": 1, "text": f"t{i}"})
        self.assertEqual(summary["acc"], {"max": 3, "mean": 1.5})
        self.assertEqual(summary["val/loss"], {"best": 1.0})
        self.assertEqual((summary["loss"], summary["text"]), (2.0, "t3"))
        self.assertEqual(sorted(summary), ["acc", "loss", "text", "val/loss"])
        self.assertNotIn("hidden", summary)

    def test_what_is_set_by_hand_wins(self) -> None:
        summary = Summary()
        summary.observe({"acc": 1})
        summary["acc"] = 5
        self.assertEqual((summary["acc"], summary.set_by_hand, len(summary)), (5, {"acc": 5}, 1))
        del summary["acc"]
        self.assertEqual(summary["acc"], 1)

    def test_a_word_that_is_none(self) -> None:
        with self.assertRaisesRegex(BesomError, "'median' is none"):
            to_kinds("median")
