from __future__ import annotations

import random
import threading
import unittest
from unittest import mock

from besom import _spool
from besom._lane import Lane
from besom._spool import Spool
from besom.errors import BesomError

Items = list[int]


class Server:
    """Takes numbered batches as the real one does, each once and without gaps."""

    def __init__(self, trouble: float = 0.0, most: int = 10**9) -> None:
        self.taken: list[Items] = []
        self.trouble = trouble
        self.most = most
        self.random = random.Random(7)

    def take(self, items: Items, number: int) -> None:
        while True:
            if self.random.random() < self.trouble:
                continue  # it did not arrive, and is sent again
            self.take_once(items, number)
            if self.random.random() >= self.trouble:
                return  # else the answer got lost, and it is sent again

    def take_once(self, items: Items, number: int) -> None:
        if len(items) > self.most:
            raise BesomError("INPUT_TOO_LARGE", "too large")
        if number > len(self.taken) + 1:
            raise BesomError("BATCH_OUT_OF_ORDER", "a gap", {"expected": len(self.taken) + 1})
        if number == len(self.taken) + 1:
            self.taken.append(items)

    @property
    def all(self) -> Items:
        return [item for items in self.taken for item in items]


class LosingServer(Server):
    """The first batch is given up on the way, or its answer on the way back."""

    def __init__(self, arrives: bool) -> None:
        super().__init__()
        self.arrives = arrives
        self.is_first = True

    def take(self, items: Items, number: int) -> None:
        if not self.is_first:
            return super().take(items, number)
        self.is_first = False
        if self.arrives:
            super().take(items, number)
        raise BesomError("SERVER_UNREACHABLE", "given up")


class Bench:
    """A lane of numbers before a server."""

    def __init__(self, server: Server, memory_bytes: int = 1 << 20) -> None:
        self.items: Items = []
        self.refused: list[BesomError] = []
        self.give_up = threading.Event()
        self.lane: Lane[Items] = Lane(
            name="test",
            take=self.take,
            send=server.take,
            split=lambda items: (items[: len(items) // 2], items[len(items) // 2 :]) if len(items) > 1 else None,
            on_refused=self.refused.append,
            give_up=self.give_up,
            memory_bytes=memory_bytes,
        )

    def take(self) -> tuple[Items, int] | None:
        taken, self.items = self.items, []
        return (taken, len(taken) * 100) if taken else None

    def push(self, *items: int, seal: bool = False) -> None:
        with self.lane.lock:
            self.items += items
            self.lane.seal() if seal else self.lane.touch()


class LaneTest(unittest.TestCase):
    def bench(self, server: Server, **options: int) -> Bench:
        bench = Bench(server, **options)
        self.addCleanup(bench.lane.close)
        return bench

    def test_everything_arrives_once_and_in_order_over_a_network_that_loses_a_third(self) -> None:
        server = Server(trouble=0.33)
        bench = self.bench(server)
        for i in range(2000):
            bench.push(i, seal=i % 7 == 0)
        self.assertTrue(bench.lane.drain(10))
        self.assertEqual(server.all, list(range(2000)))

    def test_what_memory_does_not_hold_waits_on_disk(self) -> None:
        gate, server = threading.Event(), Server()
        take = server.take

        def wait(items: Items, number: int) -> None:
            gate.wait()
            take(items, number)

        server.take = wait  # type: ignore[method-assign]
        bench = self.bench(server, memory_bytes=1000)
        for i in range(300):
            bench.push(i, seal=True)
        self.assertGreater(len(bench.lane._spool._lengths), 200)
        gate.set()
        self.assertTrue(bench.lane.drain(10))
        self.assertEqual(server.all, list(range(300)))

    def test_a_batch_that_is_too_large_is_halved(self) -> None:
        server = Server(most=3)
        bench = self.bench(server)
        bench.push(*range(20), seal=True)
        self.assertTrue(bench.lane.drain(10))
        self.assertEqual(server.all, list(range(20)))
        self.assertEqual(bench.refused, [])

    def test_a_refused_batch_does_not_stop_those_behind_it(self) -> None:
        server = Server(most=0)
        bench = self.bench(server)
        bench.push(1, seal=True)
        self.assertTrue(bench.lane.drain(10))
        server.most = 9
        bench.push(2)
        self.assertTrue(bench.lane.drain(10))
        self.assertEqual(server.all, [2])
        self.assertEqual([error.code for error in bench.refused], ["INPUT_TOO_LARGE"])

    def test_after_a_batch_of_which_nothing_is_known_the_server_says_where_it_stands(self) -> None:
        for arrives in (True, False):
            with self.subTest(arrives):
                server = LosingServer(arrives)
                bench = self.bench(server)
                bench.push(1, seal=True)
                bench.lane.drain(10)
                bench.push(2)
                self.assertTrue(bench.lane.drain(10))
                self.assertEqual(server.all, [1, 2] if arrives else [2])

    def test_giving_up_ends_at_once(self) -> None:
        server = Server()
        bench = self.bench(server)
        bench.give_up.set()
        bench.push(1, seal=True)
        self.assertTrue(bench.lane.drain(10))
        self.assertEqual(server.all, [])
        self.assertEqual(len(bench.refused), 1)


class SpoolTest(unittest.TestCase):
    def test_order_is_kept_between_memory_and_disk_whatever_the_turns(self) -> None:
        turns, spool, expected = random.Random(3), Spool[int](memory_bytes=50), []
        for i in range(3000):
            if turns.random() < 0.55:
                spool.push(i, turns.randrange(1, 30))
                expected.append(i)
            elif expected:
                self.assertEqual(spool.shift(), expected.pop(0))
            self.assertEqual(len(spool), len(expected))
        spool.close()

    def test_a_full_disk_leaves_memory(self) -> None:
        spool = Spool[int](memory_bytes=10)
        with mock.patch.object(_spool.tempfile, "TemporaryFile", side_effect=OSError("no space")):
            for i in range(100):
                spool.push(i, 10)
        self.assertEqual([spool.shift() for _ in range(100)], list(range(100)))
