"""How long to wait before a question is asked again."""

from __future__ import annotations

import random

_BASE_S = 0.1
_CAP_S = 3.0


def to_delay(attempt: int) -> float:
    """Seconds before the try after number ``attempt`` (from 1).

    Doubling from 0.1 s to 3 s, of which a random half is taken off, so that a thousand agents don't come back to a
    restarted server in one wave. The cap is low on purpose: an attempt's lease is 20 s.
    """
    whole = min(_CAP_S, _BASE_S * 2 ** min(attempt - 1, 20))
    return float(whole * (1 - random.random() / 2))
