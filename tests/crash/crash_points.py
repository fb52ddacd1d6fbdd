"""Stop one action at each of its disk changes in turn, and check the state after a restart.

`python -m tests.crash.crash_points FOLDER ACTION MODE` prints the number of changes. It runs in a
separate single-threaded process, so that it can fork cheaply after all imports.
"""

import errno
import itertools
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from fatrina.actions import Services
from fatrina.actions.sweep import Sweeper
from fatrina.domain import errors
from fatrina.domain.types import Millis
from tests.crash import tracer, world
from tests.crash.tracer import Outcome, Report
from tests.crash.world import ACTIONS, KEEP, State, Store

Action = Callable[[Services, Store], None]
Body = Callable[[Services, Store, Action, State, Report], None]
FULL: Final = "full"
"""Reported for errors that the service answers with 507; all others give 503."""
_ERRORS: Final = (OSError, errors.ServiceUnavailable, errors.StorageFull)


def run_once(services: Services, store: Store, action: Action, _: State, report: Report) -> None:
    """Run the action and shut down."""
    action(services, store)
    report("done")
    services.database.close()


def run_and_retry(
    services: Services, store: Store, action: Action, before: State, report: Report
) -> None:
    """Run the action, and again after an error, which must not have changed anything."""
    try:
        action(services, store)
    except _ERRORS as exc:
        report(FULL if _is_full(exc) else f"error {exc!r}")
        assert world.state(services, store) == before, "the failed action changed something"
        action(services, store)
    report("done")
    assert not services.spool._used, "spool space was not released"
    services.database.close()


def exit_on_error(
    services: Services, store: Store, action: Action, before: State, report: Report
) -> None:
    """Run the action; after an error, exit at once, whether or not its commit succeeded."""
    try:
        action(services, store)
    except _ERRORS:
        assert world.state(services, store) == before, "the failed action changed something"
    else:
        report("done")
    os._exit(0)


def sweep_on_error(
    services: Services, store: Store, action: Action, before: State, report: Report
) -> None:
    """Run the action; after an error, sweep orphaned files, then exit."""
    try:
        action(services, store)
    except _ERRORS:
        sweeper = Sweeper(
            services.database, services.storage, services.housekeeping, trust_clock=True
        )
        sweeper.sweep(services.clock(), Millis(9 * KEEP))
    else:
        report("done")
    exit_on_error(services, store, lambda *_: None, before, lambda _: None)


MODES: Final[dict[str, tuple[Body, tuple[int, ...]]]] = {
    "killed": (run_once, ()),
    "full": (run_and_retry, (errno.ENOSPC,)),
    "broken": (run_and_retry, (errno.EIO, errno.EROFS)),
    "vanished": (exit_on_error, (errno.EIO,)),
    "swept": (sweep_on_error, (errno.EIO,)),
}


def stop_at_each_change(folder: Path, name: str, mode: str) -> int:
    """Stop the action `name` at each of its disk changes; return the number of these."""
    now, action = time.time_ns() // 1_000_000, ACTIONS[name]
    template = world.create_store(folder / "template", now)
    before = world.restart(_copy(template, folder), now)
    store = _copy(template, folder)
    action(services := world.open_services(store.folder, now), store)
    services.database.close()
    after = world.restart(store, now)
    assert (before == after) == (name == "sweep")
    body, error_numbers = MODES[mode]
    for at in itertools.count(1):
        store = _copy(template, folder)
        prepare = partial(_prepare, store, action, now, before, body)
        outcome = tracer.run(
            prepare, at, error_numbers[at % len(error_numbers)] if error_numbers else 0
        )
        try:
            _check_outcome(outcome, mode)
            found = world.restart(store, now)
            assert found == after if "done" in outcome.reports else found in (before, after)
        except Exception as exc:
            exc.add_note(f"{name}, {outcome}")
            raise
        if not outcome.stopped:
            return outcome.steps
    raise AssertionError


def _check_outcome(outcome: Outcome, mode: str) -> None:
    assert not any(line.startswith("broken") for line in outcome.reports)
    if mode in {"full", "broken"} or not outcome.stopped:
        assert "done" in outcome.reports, "it did not recover"
    if mode == "full" and outcome.stopped in {"write", "pwrite", "rename", "mkdir"}:
        assert outcome.reports[0] in {FULL, "done"}, "a full disk was reported as another error"


def _prepare(
    store: Store, action: Action, now: int, before: State, body: Body
) -> Callable[[Report], None]:
    services = world.open_services(store.folder, now)
    services.database.check_writable()
    return partial(body, services, store, action, before)


def _is_full(exc: Exception) -> bool:
    no_space = isinstance(exc, OSError) and exc.errno == errno.ENOSPC
    return no_space or isinstance(exc, errors.StorageFull)


def _copy(template: Store, folder: Path) -> Store:
    target = folder / "copy"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(template.folder, target)
    return template._replace(folder=target)


if __name__ == "__main__":
    print(stop_at_each_change(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))  # noqa: T201
