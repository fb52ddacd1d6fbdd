"""Error hierarchy: an intermediate class sets the HTTP status, a subclass the stable reason."""
# ruff: noqa: F403, I001 -- `*`, because every name of these modules is public; the order of the
# imports is the order of `subclasses`, and so of the table in the docs.

from fatrina.domain.errors.base import *
from fatrina.domain.errors.access import *
from fatrina.domain.errors.requests import *
from fatrina.domain.errors.fields import *
from fatrina.domain.errors.photos import *
from fatrina.domain.errors.links import *
from fatrina.domain.errors.availability import *
