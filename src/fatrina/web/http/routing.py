"""Routes of the API: what is one segment of a path stays one, with encoded slashes in it too."""

from starlette.routing import Match, Route
from starlette.types import Scope


class SegmentRoute(Route):
    """A route that tells `%2F`, which belongs to a parameter, from a slash, which ends it.

    Paths are matched when they are decoded already, so a parameter that may hold slashes is of
    Starlette's kind `path`, which takes bare ones as well.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path is one of this route's."""
        match, child = super().matches(scope)
        held = sum(str(value).count("/") for value in child.get("path_params", {}).values())
        bare = held and held + scope["raw_path"].count(b"/") != scope["path"].count("/")
        return (Match.NONE, {}) if bare else (match, child)
