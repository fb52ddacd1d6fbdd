"""Routes with parameters that may contain encoded slashes (%2F)."""

from starlette.routing import Match, Route
from starlette.types import Scope


class SegmentRoute(Route):
    """A route in which `%2F` belongs to a parameter and an unencoded slash ends it.

    Starlette matches decoded paths, so a parameter that may contain `%2F` needs the convertor
    `path`, which accepts unencoded slashes too. This route rejects those.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path; return Match.NONE if a parameter contains an unencoded slash."""
        match, child = super().matches(scope)
        parameter_slashes = sum(
            str(value).count("/") for value in child.get("path_params", {}).values()
        )
        encoded_slashes = scope["path"].count("/") - scope["raw_path"].count(b"/")
        if parameter_slashes not in {0, encoded_slashes}:
            return Match.NONE, {}
        return match, child
