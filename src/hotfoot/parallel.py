"""The same function on many items: on a local process pool, or on a Ray cluster.

An item whose worker is killed is given to another one: a function for :func:`parallel_map` writes
its result to disk whole or not at all, and gives the same result each time.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from hotfoot.errors import HotfootError, OptionError, needing, raising

BACKENDS = ("local", "ray")
_TRIES = 4

T = TypeVar("T")
R = TypeVar("R")


def parallel_map(
    function: Callable[[T], R], items: Sequence[T], jobs: int = 1, backend: str = "local",
    address: str | None = None,
) -> Generator[R, None, None]:  # fmt: skip
    """Results of ``function`` for all items, in their order.

    The function is importable, and may be called again for an item if its worker is killed. One job
    on the local backend runs in this process. A Ray cluster that is running (at ``address``, or
    named by the environment) uses as many workers as it has room for; else one with ``jobs``
    workers is started on this machine.

    OptionError for an unknown backend, fewer than one job, or no cluster at the address;
    DependencyError without Ray; HotfootError if workers are killed again and again.
    """
    if backend not in BACKENDS or jobs < 1:
        raise OptionError(
            f"backend {backend}, {jobs} jobs", f"Allowed: {', '.join(BACKENDS)}; 1 or more jobs."
        )
    if not items:
        return
    if backend == "ray":
        yield from _on_ray(function, items, jobs, address)
    elif jobs == 1:
        yield from map(function, items)
    else:
        yield from _on_pool(function, items, jobs)


def _on_pool(function: Callable[[T], R], items: Sequence[T], jobs: int) -> Generator[R, None, None]:
    context = multiprocessing.get_context("spawn")
    results: dict[int, R] = {}
    yielded = 0
    for _ in range(_TRIES):
        left = [i for i in range(yielded, len(items)) if i not in results]
        # Ctrl-C ends a worker without a traceback; this process reports it.
        on_interrupt = (signal.SIGINT, signal.SIG_DFL)
        pool = ProcessPoolExecutor(min(jobs, len(left)), context, signal.signal, on_interrupt)
        futures = {pool.submit(function, items[i]): i for i in left}
        workers = list(pool._processes.values())  # there is no public way to end running calls
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                while yielded in results:
                    yield results.pop(yielded)
                    yielded += 1
            return
        except BrokenProcessPool:  # a killed worker takes the pool with it
            continue
        finally:
            # All results are there, or nobody needs them. Never wait for workers to exit by
            # themselves: one that was killed may have taken the lock of their queue with it.
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join(5)
    raise _killed(len(items) - yielded - len(results))


def _on_ray(
    function: Callable[[T], R], items: Sequence[T], jobs: int, address: str | None
) -> Generator[R, None, None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    hint = "Install it: pip install 'hotfoot[ray]'."
    with needing("the ray backend needs Ray ({error})", hint):
        import ray
    import logging

    local: dict[str, Any] = {}
    if not address and "RAY_ADDRESS" not in os.environ:
        local = {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": 200_000_000}
    place = address or os.environ.get("RAY_ADDRESS", "this machine")
    hint = "Give the address of a running one (--address HOST:PORT), or leave it out."
    wrong = (ValueError, RuntimeError, OSError)
    with raising(OptionError, wrong, f"no Ray cluster at {place} ({{error}})", hint):
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
    yielded = 0
    try:
        # Called again where its worker dies; what it raises itself is raised here.
        remote = ray.remote(num_cpus=1, max_retries=_TRIES - 1)(function)
        for reference in [remote.remote(item) for item in items]:
            yield ray.get(reference)
            yielded += 1
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:  # workers, nodes, memory
        raise _killed(len(items) - yielded) from error
    finally:
        ray.shutdown()


def _killed(count: int) -> HotfootError:
    return HotfootError(
        f"workers were killed {_TRIES} times with {count} items left",
        "Most often memory is short: run again with fewer --jobs; what is done is kept.",
    )
