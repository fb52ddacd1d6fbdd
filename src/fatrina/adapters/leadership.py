"""Leadership: one node of a deployment does the background work.

Here for a single process; `database.postgres_leadership` elects one of several nodes.
"""

from typing import Protocol


class Leadership(Protocol):
    """Whether this process does the background work: webhooks and the nightly sweep."""

    def is_leader(self) -> bool:
        """Return whether this process leads; become the leader if no process leads.

        Called several times per second.

        Raises:
            errors.DatabaseUnavailable: the database, which decides, does not respond.
        """

    def close(self) -> None:
        """Give leadership up; another process becomes the leader."""


class SoleLeader:
    """The leadership of the only process of a deployment."""

    def is_leader(self) -> bool:
        """Return True: the process owns its data directory."""
        return True

    def close(self) -> None:
        """Do nothing."""
