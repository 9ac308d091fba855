"""A run by hand that ends as the argument says."""

from __future__ import annotations

import sys
import time

import besom

run = besom.init(project="python", name="by hand", config={"lr": 0.1}, tags=["t"], notes="n")
print("run", run.id, flush=True)
besom.log({"a": 1})
end = sys.argv[1]
if end == "raise":
    raise ValueError("the loss is gone")
if end == "exit":
    sys.exit(3)
if end == "wait":
    time.sleep(60)
