"""Find the merchant that a request is for, before the request is handled."""

import re
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import Scope

from fatrina.actions import Services, access
from fatrina.domain import errors
from fatrina.domain.access import MERCHANT_CODE
from fatrina.emulator.fault_middleware import FindMerchant
from fatrina.web.http import auth
from fatrina.web.media import NAME_PATTERN

_MEDIA_PATH: Final = re.compile(rf".*/({MERCHANT_CODE})/{NAME_PATTERN}")


def merchant_finder(services: Services) -> FindMerchant:
    """Return a function that finds the merchant by the path of an image or the access token."""

    def find_by_token(token: str) -> str:
        try:
            return access.authenticate(services, token).merchant_code
        except errors.ServiceError:
            return ""

    async def find_merchant(scope: Scope) -> str:
        if (media := _MEDIA_PATH.fullmatch(scope["path"])) is not None:
            return media[1]
        return await run_sync(find_by_token, auth.access_token(Request(scope)))

    return find_merchant
