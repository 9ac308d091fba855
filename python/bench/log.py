"""What besom.log costs its caller, and what it keeps up with, by a run whose points the server counts in the end.

Arguments: calls a second that are asked for, and for how many seconds.
"""

from __future__ import annotations

import sys
import time

import besom

TICK_S = 0.01


def cost(metrics: int, calls: int = 20_000) -> float:
    """Microseconds of the calling thread for one call, in bursts with pauses, as a training has them."""
    names = [f"m{i}" for i in range(metrics)]
    run = besom.init(project="bench")
    own = 0.0
    for _ in range(20):
        rows = [{name: float(i) for name in names} for i in range(calls // 20)]
        before = time.thread_time()
        for row in rows:
            besom.log(row)
        own += time.thread_time() - before
        time.sleep(0.02)
    run.finish()
    return own / calls * 1e6


def sustain(rate: int, seconds: float) -> str:
    run = besom.init(project="bench")
    share = int(rate * TICK_S)
    count, worst = 0, 0.0
    start, own, process = time.perf_counter(), time.thread_time(), time.process_time()
    while time.perf_counter() - start < seconds:
        for _ in range(share):
            besom.log({"i": count})
            count += 1
        ahead = start + count / rate - time.perf_counter()
        worst = max(worst, -ahead)
        if ahead > 0:
            time.sleep(ahead)
    took, own = time.perf_counter() - start, time.thread_time() - own
    before = time.perf_counter()
    run.finish()
    finish = time.perf_counter() - before
    process = time.process_time() - process
    stored = besom.Api().run(run.id).summary_metrics["i"]
    assert stored["count"] == count and stored["last"] == count - 1, (stored, count)
    kept = f"{count / took:,.0f} calls/s for {took:.1f} s, all {count:,} stored"
    late = f"behind by {worst * 1000:.0f} ms at worst, finish() {finish:.2f} s"
    return (
        f"{kept}; {late}; a call takes {own / count * 1e6:.1f} us of its thread, {process / count * 1e6:.1f} us in all"
    )


if __name__ == "__main__":
    for metrics in (1, 3, 10):
        print(f"log of {metrics:>2} metrics   {cost(metrics):.1f} us of its thread")
    print(f"sustained          {sustain(int(sys.argv[1]), float(sys.argv[2]))}")
