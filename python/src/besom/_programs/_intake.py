"""Takes what one training process prints on stdout: lines of JSON, and what ``log_pattern`` finds, are metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .._delivery import Delivery
from ._metric_line import parse_metric_line, parse_resumed_line
from ._pattern import Pattern, read_line
from ._readings import Readings


class Intake:
    """Of one attempt.

    Args:
        metric: Name and goal of what the sweep optimises.
        on_warning: A code and a sentence, each said once.
    """

    def __init__(
        self,
        delivery: Delivery,
        metric: tuple[str, str] | None,
        patterns: Sequence[Pattern],
        on_warning: Callable[[str, str], None],
    ) -> None:
        self._delivery = delivery
        self._patterns = patterns
        self._on_warning = on_warning
        self._warned = False
        self.readings = Readings(metric, lambda point: delivery.log([point]))

    def read(self, line: str) -> None:
        resumed = parse_resumed_line(line)
        if resumed is not None:
            self._resume(resumed)
            return
        metrics = parse_metric_line(line)
        if metrics is None and self._patterns:
            metrics = read_line(self._patterns, line)
        if metrics is not None and not self.readings.read(metrics, time.time()):
            self._warn(
                f"metrics of step {metrics.step} came after a later step and are not kept: steps must go forward"
            )

    def end(self) -> None:
        self.readings.end()

    def _resume(self, step: int) -> None:
        if self.readings.resume(step):
            self._delivery.resume(step)
        else:
            self._warn(
                f'{{"resumed_from_step": {step}}} came after metrics were logged and is ignored: it must come first'
            )

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            self._on_warning("STEP_BACKWARDS", message)
