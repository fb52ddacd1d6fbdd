"""The API endpoints: authorize, read the form, run an action, respond."""

from fatrina.web.api.base import ApiOptions, Limiters
from fatrina.web.api.history import History
from fatrina.web.api.images import Images
from fatrina.web.api.not_emulated import NotEmulated
from fatrina.web.api.products import Products
from fatrina.web.api.store import Store
from fatrina.web.api.webhooks import Webhooks

__all__ = ["Api", "ApiOptions", "Limiters"]


class Api(Images, History, NotEmulated, Products, Store, Webhooks):
    """All endpoints below `/admin/v2`."""
