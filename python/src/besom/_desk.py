"""An agent's dealings with the server: it registers, asks for runs, and leaves."""

from __future__ import annotations

import os
import random
import socket
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import _operations as operations
from ._client import FOREVER, Client
from ._errands import Errands
from ._facts import Machine
from ._run import RunFacts
from ._version import VERSION
from .errors import BesomError

REGISTER_PATIENCE_S = 10.0
_DEFAULT_WAIT_S = 2.0
_MIN_WAIT_S = 0.05
"""Even where the server says "soon": an empty answer must not become a flood of questions."""
_LAST_WORDS_S = 2.0


@dataclass(frozen=True)
class Answer:
    """What a claim brought. With ``is_over`` there will be no more for this agent."""

    claims: list[dict[str, Any]] = field(default_factory=list)
    is_over: bool = False
    reason: str | None = None
    wait: float = 0.0
    """Seconds before the next claim makes sense."""
    is_quarantined: bool = False


class Desk:
    """One agent of one sweep, as the server sees it.

    Args:
        sweep_id: An id or a full path.
        slots: Runs at the same time.
        gpus: A word for each device.
        with_packages: Whether runs happen in this interpreter.
        with_diff: Whether what the working tree has beside its commit is written down.

    Attributes:
        agent_id: Its number; changes when the server has given the agent up and it registers again.
        sweep: What the server says of the sweep.
    """

    def __init__(
        self,
        client: Client,
        sweep_id: str,
        *,
        slots: int = 1,
        gpus: Sequence[str] = (),
        with_packages: bool = True,
        with_diff: bool = True,
    ) -> None:
        self._client = client
        self._facts: dict[str, Any] = {
            "sweepId": sweep_id,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "slots": slots,
            "version": f"python-{VERSION}",
            "cwd": os.getcwd(),
            **({"gpus": list(gpus)} if gpus else {}),
        }
        self.heartbeat_s = self.register(REGISTER_PATIENCE_S)
        self.machine = Machine(os.getcwd(), with_packages=with_packages, with_diff=with_diff)
        self.errands = Errands(client)

    def register(self, patience: float = FOREVER) -> float:
        """Makes this process known to the server; gives the seconds between heartbeats."""
        registered = self._client.mutate(
            operations.REGISTER_AGENT, {**self._facts, "clientMutationId": str(uuid.uuid4())}, patience=patience
        )
        self.agent_id: str = registered["agent"]["id"]
        self.sweep: dict[str, Any] = registered["sweep"]
        return float((registered["heartbeatMs"] or 5000) / 1000)

    @property
    def entity(self) -> str:
        return str(self.sweep["project"]["entity"]["name"])

    @property
    def project(self) -> str:
        return str(self.sweep["project"]["name"])

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}/{self.sweep['id']}"

    def claim(self, count: int, give_up: threading.Event) -> Answer:
        """Asks for runs, for as long as the server is away or until ``give_up`` is set.

        Raises:
            BesomError: What no repetition changes.
        """
        try:
            answer = self._client.mutate(
                operations.CLAIM_RUN,
                # The same number until it is answered: an answer that got lost is given again, not a second run.
                {
                    "sweepId": self.sweep["id"],
                    "agentId": self.agent_id,
                    "count": count,
                    "clientMutationId": str(uuid.uuid4()),
                },
                patience=FOREVER,
                give_up=give_up,
            )
        except BesomError as error:
            if give_up.is_set():
                return Answer(is_over=True)
            if error.code != "AGENT_UNKNOWN":
                raise
            # The server gave this agent up, since it was away for long.
            self.register()
            return Answer()
        reason = answer["reason"]
        if answer["directive"] == "EXIT":
            return Answer(
                answer["claims"], True, reason or "the sweep has no more runs", is_quarantined=answer["quarantined"]
            )
        if answer["claims"]:
            return Answer(answer["claims"], reason=reason)
        wait = max(_MIN_WAIT_S, (answer["retryAfterMs"] or _DEFAULT_WAIT_S * 1000) / 1000)
        return Answer(reason=reason, wait=wait * (0.75 + random.random() / 2))

    def to_facts(self, claim: dict[str, Any]) -> RunFacts:
        """Of a run that was claimed."""
        metric = self.sweep["metric"] or {}
        return RunFacts(
            id=claim["runId"],
            name=claim["name"],
            display_name=claim["displayName"],
            attempt=claim["attempt"],
            url=f"{self._client.url}/{self.entity}/{self.project}/runs/{claim['name']}",
            project=self.project,
            entity=self.entity,
            sweep_id=self.sweep["id"],
            metric=metric.get("name"),
        )

    def leave(self) -> None:
        """What this agent still holds goes back to the queue."""
        self.errands.settle(_LAST_WORDS_S)
        try:
            self._client.mutate(operations.LEAVE_AGENT, {"agentId": self.agent_id}, patience=_LAST_WORDS_S)
        except BesomError:
            pass  # the lease tells the server in time
