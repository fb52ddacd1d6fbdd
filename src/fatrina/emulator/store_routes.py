"""Admin endpoint that seeds the service."""

from functools import partial
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import Services
from fatrina.domain import errors, json_text
from fatrina.domain.json_text import JsonError
from fatrina.emulator import seed_file, seeding
from fatrina.emulator.seed_file import SeedFileError
from fatrina.emulator.seed_records import SeedError
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http import body
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.responses import success

_MAX_SEED_BYTES: Final = 64_000_000
"""Bytes of a seed, including its photos as base64."""
_MAX_PROBLEMS: Final = 50


def routes(services: Services, timeouts: BodyTimeouts) -> list[AdminRoute]:
    """Return the admin route that seeds the service."""

    async def seed(request: Request) -> Response:
        text = await body.read_body(request, _MAX_SEED_BYTES, timeouts)
        return success(201, await run_sync(partial(_load_seed, services, text)))

    return [
        AdminRoute("POST", "/seed", "Add merchants, tokens, products and images; see docs.", seed),
    ]


def _load_seed(services: Services, text: bytes) -> dict[str, object]:
    try:
        content = seed_file.read(json_text.parse(text))
        created = seeding.seed(services, content, len(services.decoders.pids))
        return {"pictures": content.count_photos(), "merchants": created}
    except SeedFileError as exc:
        raise errors.ValidationFailed(
            *(
                errors.InvalidSeed("seed", problem=problem)
                for problem in exc.problems[:_MAX_PROBLEMS]
            )
        ) from exc
    except SeedError as exc:
        raise _add_pointers(exc) from exc
    except JsonError:
        raise errors.MalformedJson from None


def _add_pointers(exc: SeedError) -> errors.ServiceError:
    """Return the error with its fields replaced by their JSON pointers in the seed."""
    field_errors = [each for each in exc.error.flatten() if isinstance(each, errors.FieldError)]
    for each in field_errors:
        each.field = f"{exc.pointer}/{each.field}"
    return errors.ValidationFailed(*field_errors) if field_errors else exc.error
