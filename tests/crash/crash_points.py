"""Stops one action at each of its steps in turn, and checks what a restart makes of the rest.

`python -m tests.crash.crash_points FOLDER ACTION WAY` prints how many steps there were. It is a
process of its own, single-threaded, so that it can fork cheaply once everything is imported.
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
from tests.crash import tracer, world
from tests.crash.tracer import Outcome, Tell
from tests.crash.world import ACTIONS, KEEP, Shop, State

Act = Callable[[Services, Shop], None]
Body = Callable[[Services, Shop, Act, State, Tell], None]
FULL: Final = "full"
"""What the service answers 507 for; every other fault is a 503."""
_REFUSALS: Final = (OSError, errors.ServiceUnavailable, errors.StorageFull)


def straight(services: Services, shop: Shop, act: Act, _: State, tell: Tell) -> None:
    """Do it, and shut down."""
    act(services, shop)
    tell("done")
    services.database.close()


def again(services: Services, shop: Shop, act: Act, before: State, tell: Tell) -> None:
    """Do it, once more when it fails; in between everything must be as it was before."""
    try:
        act(services, shop)
    except _REFUSALS as exc:
        tell(FULL if _is_full(exc) else f"refused {exc!r}")
        assert world.state(services, shop) == before, "it failed by half"
        act(services, shop)
    tell("done")
    assert not services.spool._used, "room was not given back"
    services.database.close()


def vanish(services: Services, shop: Shop, act: Act, before: State, tell: Tell) -> None:
    """Do it; when it fails, die at once, not knowing whether its commit went through."""
    try:
        act(services, shop)
    except _REFUSALS:
        assert world.state(services, shop) == before, "it failed by half"
    else:
        tell("done")
    os._exit(0)


def sweep_and_vanish(services: Services, shop: Shop, act: Act, before: State, tell: Tell) -> None:
    """Do it; when it fails, die after a sweep has taken what no picture owns."""
    try:
        act(services, shop)
    except _REFUSALS:
        broom = Sweeper(
            services.database, services.storage, services.housekeeping, trust_clock=True
        )
        broom.sweep(services.clock(), 9 * KEEP)
    else:
        tell("done")
    vanish(services, shop, lambda *_: None, before, lambda _: None)


WAYS: Final[dict[str, tuple[Body, tuple[int, ...]]]] = {
    "killed": (straight, ()),
    "full": (again, (errno.ENOSPC,)),
    "broken": (again, (errno.EIO, errno.EROFS)),
    "vanished": (vanish, (errno.EIO,)),
    "swept": (sweep_and_vanish, (errno.EIO,)),
}


def every_step(folder: Path, name: str, way: str) -> int:
    """Stop the action `name` at each of its steps; how many there were."""
    now, act = time.time_ns() // 1_000_000, ACTIONS[name]
    pristine = world.lay(folder / "pristine", now)
    before = world.restarted(_copy(pristine, folder), now)
    shop = _copy(pristine, folder)
    act(services := world.services(shop.folder, now), shop)
    services.database.close()
    after = world.restarted(shop, now)
    assert (before == after) == (name == "sweep")
    body, faults = WAYS[way]
    for at in itertools.count(1):
        shop = _copy(pristine, folder)
        prepare = partial(_prepared, shop, act, now, before, body)
        outcome = tracer.run(prepare, at, faults[at % len(faults)] if faults else 0)
        try:
            _judge(outcome, way)
            found = world.restarted(shop, now)
            assert found == after if "done" in outcome.told else found in (before, after)
        except Exception as wrong:
            wrong.add_note(f"{name}, {outcome}")
            raise
        if not outcome.stopped:
            return outcome.steps
    raise AssertionError


def _judge(outcome: Outcome, way: str) -> None:
    assert not any(words.startswith("broken") for words in outcome.told)
    if way in {"full", "broken"} or not outcome.stopped:
        assert "done" in outcome.told, "it did not recover"
    if way == "full" and outcome.stopped in {"write", "pwrite", "rename", "mkdir"}:
        assert outcome.told[0] in {FULL, "done"}, "a full disk was called something else"


def _prepared(shop: Shop, act: Act, now: int, before: State, body: Body) -> Callable[[Tell], None]:
    services = world.services(shop.folder, now)
    services.database.check_writable()
    return partial(body, services, shop, act, before)


def _is_full(fault: Exception) -> bool:
    full = isinstance(fault, OSError) and fault.errno == errno.ENOSPC
    return full or isinstance(fault, errors.StorageFull)


def _copy(pristine: Shop, folder: Path) -> Shop:
    target = folder / "copy"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(pristine.folder, target)
    return pristine._replace(folder=target)


if __name__ == "__main__":
    print(every_step(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))  # noqa: T201
