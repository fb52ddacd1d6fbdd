"""Base class of all errors, and its lookup by reason."""

from typing import ClassVar

Params = str | int | float
"""A value that an error's texts show."""


class ServiceError(Exception):
    """A request that failed for a known reason.

    A subclass sets a stable `reason`, which is the key of its texts in `domain.messages`. `params`
    are the values that these texts show. The web layer converts the error to a response.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    reason: ClassVar[str] = "internal_error"

    def __init__(self, **params: Params) -> None:
        super().__init__(self.reason, params)
        self.params = params

    def flatten(self) -> "tuple[ServiceError, ...]":
        """Return the single errors that it consists of: itself, unless it is a collection."""
        return (self,)

    def __reduce__(self) -> tuple[object, ...]:
        return rebuild, (type(self), self.params)


def rebuild(error_class: type[ServiceError], params: dict[str, Params]) -> ServiceError:
    """Create an error from its pickled parameters; `Exception` keeps positional ones only."""
    return error_class(**params)


def subclasses(root: type[ServiceError] = ServiceError) -> list[type[ServiceError]]:
    """Return `root` and its subclasses, depth first, that define a reason of their own."""
    below = [leaf for child in root.__subclasses__() for leaf in subclasses(child)]
    return ([root] if "reason" in vars(root) else []) + below


def by_reason(reason: str) -> type[ServiceError] | None:
    """Return the error class with this reason, or None."""
    return next((leaf for leaf in subclasses() if leaf.reason == reason), None)
