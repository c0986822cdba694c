"""The same bulk job on a Ray cluster: one reader, an actor per device, shards written where the command runs.

Ray Data runs a reader or an actor that dies again; shards that are done are on disk, so the job itself can be resumed.
"""

import logging
import os
import pickle
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.model.analysis import Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import load_manifest
from copydesk.model.errors import ConfigError, CopydeskError
from copydesk.model.files.rows import Position
from copydesk.model.installation import need_extra
from copydesk.service.bulk.job import Job, finish_bulk, number_items
from copydesk.service.bulk.records import Counts
from copydesk.service.bulk.shards import Parts, Shard

_CPUS_PER_ACTOR = 4  # where there is no GPU; each actor holds a model, about 1 GB with torch


@dataclass(frozen=True)
class Cluster:
    """Where to run: "local" or the address of a cluster, and what each actor loads."""

    address: str
    bundle: Path
    device: str


def run_ray(cluster: Cluster, job: Job, parts: Parts, position: Position) -> Iterator[Counts]:
    """`run_bulk` on Ray: yields the counts of each shard. Raises what `run_bulk` raises."""
    if job.source.is_stdin:
        raise ConfigError("--engine ray reads on a worker, which has no standard input; name a file")
    need_extra("ray", "--engine ray")
    ray = _start(cluster.address)
    try:
        for row in _dataset(ray, cluster, job, parts).iter_rows():
            shard: Shard = pickle.loads(row["shard"])
            parts.save(row["number"], shard)
            position.n_bytes = max(position.n_bytes, row["n_bytes"])
            yield shard.counts
    except ray.exceptions.RayError as error:
        raise _cause(error) from error
    finally:
        ray.shutdown()
    finish_bulk(load_manifest(cluster.bundle), job, parts)


def _start(address: str) -> Any:  # Any: the module ray, which is an extra
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    try:
        ray.init(
            address=address,
            include_dashboard=False if address == "local" else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except ConnectionError as error:
        raise ConfigError(f"--address {address}: no Ray cluster answers; start one with `ray start --head`") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # a block is a shard, so that actors share them evenly
    return ray


def _dataset(ray: Any, cluster: Cluster, job: Job, parts: Parts) -> Any:  # Any: ray is an extra
    manifest = load_manifest(cluster.bundle)
    resources = ray.cluster_resources()
    n_gpus, n_cpus = int(resources.get("GPU", 0)), int(resources["CPU"])
    on_gpu = n_gpus > 0 and cluster.device != "cpu"
    per_actor = min(_CPUS_PER_ACTOR, n_cpus)
    return _read(ray, job, parts).map_batches(
        _ShardAnalyzer,
        fn_constructor_args=(cluster, job.options, Shard(job.flat_labels(manifest), job.include)),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=n_gpus if on_gpu else n_cpus // per_actor),
        num_gpus=1 if on_gpu else 0,
        num_cpus=1 if on_gpu else per_actor,
    )


def _read(ray: Any, job: Job, parts: Parts) -> Any:  # Any: ray is an extra
    """A dataset of unfinished shards, {"number", "items", "n_bytes"}, read as they are asked for."""
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    class Shards(Datasource):  # type: ignore[misc]  # ray has no types
        def estimate_inmemory_data_size(self) -> int | None:
            return job.source.n_bytes

        def get_read_tasks(self, *_: object, **__: object) -> list[ReadTask]:
            metadata = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(partial(_read_shards, job, parts.done), metadata)]

    return ray.data.read_datasource(Shards(), override_num_blocks=1, num_cpus=0)


def _read_shards(job: Job, done: frozenset[int]) -> Iterator[pa.Table]:
    position = Position()
    for number, numbered in groupby(number_items(job, position, done), key=lambda pair: pair[0]):
        items = pickle.dumps([item for _, item in numbered])
        yield _table(number, "items", items, position.n_bytes)


class _ShardAnalyzer:
    """An actor: a model on its device."""

    def __init__(self, cluster: Cluster, options: Options, empty: Shard) -> None:
        self._analyzer = Analyzer.load(cluster.bundle, cluster.device)
        self._options = options
        self._empty = empty

    def __call__(self, batch: dict[str, Any]) -> Iterable[pa.Table]:  # Any: numpy arrays of one shard
        items, shard = pickle.loads(batch["items"][0]), deepcopy(self._empty)
        results = self._analyzer.analyze_many((item.document for item in items), self._options, len(items))
        for item, result in zip(items, results, strict=True):
            shard.add(item, result)
        yield _table(int(batch["number"][0]), "shard", pickle.dumps(shard), int(batch["n_bytes"][0]))


def _table(number: int, name: str, content: bytes, n_bytes: int) -> pa.Table:
    return pa.table({"number": [number], name: pa.array([content], pa.large_binary()), "n_bytes": [n_bytes]})


def _cause(error: BaseException) -> BaseException:
    """Our own error, where Ray wrapped one."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, CopydeskError):
        found = getattr(found, "cause", None) or found.__cause__
    return found or error
