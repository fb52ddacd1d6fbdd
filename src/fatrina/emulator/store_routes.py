"""Controls of the whole: sow a shop, empty the service."""

from functools import partial

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services
from fatrina.actions.rate_limits import RateLimiter
from fatrina.domain import errors, json_text
from fatrina.domain.json_text import JsonError
from fatrina.emulator import seed_file, seeding
from fatrina.emulator.resetting import reset
from fatrina.emulator.seed_file import SeedFileError
from fatrina.emulator.seeding import SeedError
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.responses import success

_LARGEST = 64_000_000
"""Bytes of a seed, pictures in it as base64 included."""


def routes(
    services: Services, rate_limiter: RateLimiter, timeouts: BodyTimeouts
) -> list[AdminRoute]:
    """The controls of the whole."""

    async def seed(request: Request) -> Response:
        text = await body.read_body(request, _LARGEST, timeouts)
        made = await run_sync(partial(_load_seed, services, text))
        return success(201, {"pictures": made})

    async def reset_service(request: Request) -> Response:
        keep = request.query_params.get("keep") == "shops"
        everything = services.database, services.storage, services.housekeeping
        gone = await run_sync(partial(reset, *everything, keep_merchants=keep))
        rate_limiter.reset()
        return success(202, {"pictures": gone})

    return [
        AdminRoute("POST", "/seed", "Add merchants, tokens, products, pictures; see docs.", seed),
        AdminRoute("POST", "/reset", "Delete everything; ?keep=shops keeps shops.", reset_service),
    ]


def _load_seed(services: Services, text: bytes) -> int:
    try:
        merchants = seed_file.read(json_text.parse(text))
        return seeding.seed(services, merchants, len(services.decoders.pids))
    except SeedFileError as wrong:
        raise errors.ValidationFailed(
            *(errors.InvalidSeed("seed", problem=each) for each in wrong.problems[:50])
        ) from wrong
    except SeedError as wrong:
        raise _errors_by_place(wrong) from wrong
    except JsonError:
        raise errors.MalformedJson from None


def _errors_by_place(wrong: SeedError) -> errors.ServiceError:
    """The refusal, with the place in the seed of each field at fault."""
    fields = [each for each in wrong.error.each() if isinstance(each, errors.FieldError)]
    for each in fields:
        each.field = f"{wrong.pointer}/{each.field}"
    return errors.ValidationFailed(*fields) if fields else wrong.error
