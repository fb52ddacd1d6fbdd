"""The nightly sweep: once a night, on the node that leads."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from fatrina.actions.nightly_sweep import NightlySweep
from fatrina.actions.sweep import Sweeper
from fatrina.adapters.database import SqliteDatabase
from fatrina.adapters.housekeeping import FileHousekeeping
from fatrina.adapters.leadership import SoleLeader
from fatrina.adapters.storage import LocalStorage
from fatrina.domain.durations import DAY, HOUR, MINUTE
from fatrina.domain.types import Millis

MIDNIGHT = 20_000 * DAY


@pytest.fixture
def sweeper(tmp_path: Path) -> Sweeper:
    database = SqliteDatabase(tmp_path / "fatrina.sqlite3")
    database.migrate()
    return Sweeper(database, LocalStorage(tmp_path / "media"), FileHousekeeping(tmp_path))


def test_it_sweeps_once_in_its_hour(sweeper: Sweeper) -> None:
    swept = []
    clock = Mock()
    nightly = NightlySweep(sweeper, SoleLeader(), clock, 3, Millis(DAY))
    for minute in range(0, 3 * 24 * 60, 10):
        clock.return_value = Millis(MIDNIGHT + minute * MINUTE)
        if nightly.run_if_due():
            swept.append(minute)
    assert swept == [180, 24 * 60 + 180, 48 * 60 + 180]
    sweeper.database.close()


def test_a_node_that_does_not_lead_does_not_sweep(sweeper: Sweeper) -> None:
    follower = Mock(is_leader=Mock(return_value=False))
    now = Millis(MIDNIGHT + 3 * HOUR)
    assert not NightlySweep(sweeper, follower, lambda: now, 3, Millis(DAY)).run_if_due()
    assert sweeper.housekeeping.last_sweep() == 0
    sweeper.database.close()
