"""METIS and spopt on a graph from a file, in an environment of their own (below .local/).

Run by bench_division with that environment's Python: reads the graph (npz and the atoms' outlines
as WKB), writes each method's labels and seconds of the processor as JSON. Nothing of the project
is imported.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np


def main(folder: Path, names: list[str]) -> None:
    warnings.simplefilter("ignore")
    graph = np.load(folder / "graph.npz")
    found = {name: METHODS[name](graph, folder) for name in names}
    (folder / "found.json").write_text(json.dumps(found))


def metis(graph, folder: Path) -> dict:
    """METIS alone: loads only, no barriers; not asked for connected parts."""
    import pymetis

    size = len(graph["load"])
    near = [[] for _ in range(size)]
    for left, right in zip(graph["left"].tolist(), graph["right"].tolist(), strict=True):
        near[left].append(right)
        near[right].append(left)
    started = time.process_time()
    _cut, labels = pymetis.part_graph(
        int(graph["parts"]), adjacency=near, vweights=graph["load"].astype(int).tolist()
    )
    return {"seconds": time.process_time() - started, "labels": [int(one) for one in labels]}


def _frame(graph, folder: Path):
    import geopandas
    import libpysal
    import shapely

    sizes = np.fromfile(folder / "sizes.bin", dtype=np.int64)
    raw = (folder / "atoms.bin").read_bytes()
    ends = np.cumsum(sizes)
    shapes = shapely.from_wkb(
        [raw[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    )
    frame = geopandas.GeoDataFrame(
        {
            "load": graph["load"],
            "x": shapely.get_x(shapely.centroid(shapes)),
            "y": shapely.get_y(shapely.centroid(shapes)),
        },
        geometry=shapes,
        crs=3857,
    )
    near = {number: [] for number in range(len(frame))}
    for left, right in zip(graph["left"].tolist(), graph["right"].tolist(), strict=True):
        near[left].append(right)
        near[right].append(left)
    return frame, libpysal.weights.W(near, silence_warnings=True)


def max_p(graph, folder: Path) -> dict:
    """As many regions as can have at least target × (1 − band) households each."""
    from spopt.region import MaxPHeuristic

    frame, weights = _frame(graph, folder)
    np.random.seed(0)
    started = time.process_time()
    model = MaxPHeuristic(
        frame,
        weights,
        ["x", "y"],
        "load",
        float(graph["least"]),
        top_n=2,
        max_iterations_construction=20,
        max_iterations_sa=10,
    )
    model.solve()
    return {
        "seconds": time.process_time() - started,
        "labels": [int(label) for label in model.labels_],
    }


def skater(graph, folder: Path) -> dict:
    from spopt.region import Skater

    frame, weights = _frame(graph, folder)
    np.random.seed(0)
    started = time.process_time()
    model = Skater(frame, weights, ["x", "y"], n_clusters=int(graph["parts"]))
    model.solve()
    return {
        "seconds": time.process_time() - started,
        "labels": [int(label) for label in model.labels_],
    }


def region_k_means(graph, folder: Path) -> dict:
    from spopt.region import RegionKMeansHeuristic

    frame, weights = _frame(graph, folder)
    started = time.process_time()
    model = RegionKMeansHeuristic(
        frame[["x", "y"]].to_numpy(), int(graph["parts"]), weights, seed=0
    )
    model.solve()
    return {
        "seconds": time.process_time() - started,
        "labels": [int(label) for label in model.labels_],
    }


METHODS = {
    "METIS": metis,
    "MaxPHeuristic": max_p,
    "Skater": skater,
    "RegionKMeans": region_k_means,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
