"""Controls of the whole: sow a shop, empty the service."""

from functools import partial

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Parts, seedfile, seeding
from fatrina.actions.limits import Counter
from fatrina.actions.reset import reset
from fatrina.actions.seedfile import SeedFileError
from fatrina.actions.seeding import SeedError
from fatrina.domain import errors, json_text
from fatrina.domain.json_text import JsonError
from fatrina.web import body
from fatrina.web.answers import done
from fatrina.web.body import Pace
from fatrina.web.twin.gate import Control

_LARGEST = 64_000_000
"""Bytes of a seed, pictures in it as base64 included."""


def controls(parts: Parts, counter: Counter, pace: Pace) -> list[Control]:
    """The controls of the whole."""

    async def seed(request: Request) -> Response:
        text = await body.whole(request, _LARGEST, pace)
        made = await run_sync(partial(_sown, parts, text))
        return done(201, {"pictures": made})

    async def reset_service(request: Request) -> Response:
        keep = request.query_params.get("keep") == "shops"
        everything = parts.database, parts.storage, parts.housekeeping
        gone = await run_sync(partial(reset, *everything, keep_shops=keep))
        counter.forget()
        return done(202, {"pictures": gone})

    return [
        Control("POST", "/seed", "Add merchants, tokens, products, pictures; see docs.", seed),
        Control("POST", "/reset", "Delete everything; ?keep=shops keeps shops.", reset_service),
    ]


def _sown(parts: Parts, text: bytes) -> int:
    try:
        merchants = seedfile.read(json_text.parse(text))
        return seeding.seed(parts, merchants, len(parts.decoders.pids))
    except SeedFileError as wrong:
        raise errors.Invalid(
            *(errors.SeedRefused("seed", problem=each) for each in wrong.problems[:50])
        ) from wrong
    except SeedError as wrong:
        raise _placed(wrong) from wrong
    except JsonError:
        raise errors.JsonBroken from None


def _placed(wrong: SeedError) -> errors.Refusal:
    """The refusal, with the place in the seed of each field at fault."""
    fields = [each for each in wrong.refusal.each() if isinstance(each, errors.FieldRefused)]
    for each in fields:
        each.field = f"{wrong.at}/{each.field}"
    return errors.Invalid(*fields) if fields else wrong.refusal
