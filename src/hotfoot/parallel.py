"""Do independent pieces of work on several processes, or on a Ray cluster.

Work is lost with its worker and done again: a function given to :func:`spread` writes its result to
disk whole or not at all, and gives the same result each time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from hotfoot.errors import DependencyError, HotfootError, OptionError

PLACES = ("here", "ray")
_TRIES = 4

T = TypeVar("T")
R = TypeVar("R")


def spread(
    work: Callable[[T], R], items: Sequence[T], jobs: int = 1, on: str = "here",
    address: str | None = None,
) -> Generator[R, None, None]:  # fmt: skip
    """Results of ``work`` for all items, in order.

    Args:
        work: importable function; may be called again if its process is killed.
        items: what it is called with, one by one.
        jobs: how many at once; on a cluster, as many as it has room for.
        on: one of :data:`PLACES`.
        address: of a Ray cluster; by default one of ``jobs`` workers is started here.

    Raises:
        OptionError: unknown place, fewer than one job, no cluster there.
        DependencyError: Ray is not installed.
        HotfootError: workers were killed again and again.
    """
    if on not in PLACES or jobs < 1:
        raise OptionError(f"--on {on}, --jobs {jobs}", f"Allowed: {', '.join(PLACES)}; 1 or more.")
    if not items:
        return
    if on == "ray":
        yield from _on_ray(work, items, jobs, address)
    elif jobs == 1:
        yield from map(work, items)
    else:
        yield from _on_processes(work, items, jobs)


def _stop_silently() -> None:
    """Let Ctrl-C end a worker without a traceback; its parent says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _on_processes(
    work: Callable[[T], R], items: Sequence[T], jobs: int
) -> Generator[R, None, None]:
    context = multiprocessing.get_context("spawn")
    results: dict[int, R] = {}
    given = 0
    for _ in range(_TRIES):
        left = [i for i in range(len(items)) if i >= given and i not in results]
        pool = ProcessPoolExecutor(min(jobs, len(left)), context, _stop_silently)
        waiting = {pool.submit(work, items[i]): i for i in left}
        workers = list(pool._processes.values())  # there is no public way to end what runs
        try:
            for finished in as_completed(waiting):
                results[waiting[finished]] = finished.result()
                while given in results:
                    yield results.pop(given)
                    given += 1
            return
        except BrokenProcessPool:  # a killed worker takes the pool with it
            continue
        finally:
            # Results are all there, or nobody wants them. Never wait for workers to leave by
            # themselves: one that was killed may have taken the lock of their queue with it.
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join(5)
    raise _killed(len(items) - given - len(results))


def _on_ray(
    work: Callable[[T], R], items: Sequence[T], jobs: int, address: str | None
) -> Generator[R, None, None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise DependencyError(
            f"--on ray needs Ray ({error})", "Install it: pip install 'hotfoot[ray]'."
        ) from error
    import logging

    here: dict[str, Any] = {}
    if not address and "RAY_ADDRESS" not in os.environ:
        here = {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": 200_000_000}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **here)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise OptionError(
            f"no Ray cluster at {address or os.environ.get('RAY_ADDRESS', 'this machine')} "
            f"({str(error).splitlines()[0]})",
            "Give the address of a running one (--address HOST:PORT), or leave it out.",
        ) from error
    given = 0
    try:
        # Done again where its process dies; what it raises itself is raised here.
        remote = ray.remote(num_cpus=1, max_retries=_TRIES - 1)(work)
        for handle in [remote.remote(item) for item in items]:
            yield ray.get(handle)
            given += 1
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:  # workers, nodes, memory
        raise _killed(len(items) - given) from error
    finally:
        ray.shutdown()


def _killed(count: int) -> HotfootError:
    return HotfootError(
        f"workers were killed {_TRIES} times with {count} pieces of work left",
        "Most often memory is short: run again with fewer --jobs; what is done is kept.",
    )
