"""Work for other processes, some of which dies."""

import os
import signal
from pathlib import Path


def fragile(task):
    """Write a file; the first to come by a number in ``deaths`` is killed before that."""
    folder, number, deaths = task
    done = Path(folder) / f"{number}.txt"
    if number in deaths:
        mark = Path(folder) / f"died-{number}"
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    with done.open("a") as file:
        file.write(f"{number}\n")
    return number


def hopeless(task):
    """Dies each time."""
    os.kill(os.getpid(), signal.SIGKILL)


def failing(task):
    """Raises each time."""
    raise ValueError(f"cannot do {task}")
