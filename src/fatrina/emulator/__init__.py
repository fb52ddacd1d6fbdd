"""Features that only an emulator of the real API needs: faults, request journal, seed, reset."""

from starlette.types import ASGIApp

from fatrina.actions import Services
from fatrina.actions.rate_limits import RateLimiter
from fatrina.emulator import fault_routes, journal_routes, reset_routes, store_routes
from fatrina.emulator.fault_injection import FaultInjector
from fatrina.emulator.fault_middleware import FaultInjectionMiddleware
from fatrina.emulator.journal import Journal
from fatrina.emulator.request_merchant import merchant_finder
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http.telemetry import OnRequest
from fatrina.web.parsing.forms import FormReader


class Emulator:
    """The emulator of one service: `app.build` adds it when an admin token is set."""

    def __init__(
        self, services: Services, form_reader: FormReader, rate_limiter: RateLimiter
    ) -> None:
        self._find_merchant = merchant_finder(services)
        self._injector = FaultInjector()
        self._journal = Journal()
        self.admin_routes: list[AdminRoute] = [
            *fault_routes.routes(self._injector, form_reader),
            *journal_routes.routes(self._journal),
            *store_routes.routes(services, form_reader.timeouts),
            *reset_routes.routes(services, rate_limiter, self._injector, self._journal),
        ]

    @property
    def on_request(self) -> OnRequest:
        """The callback that adds a finished request to the journal."""
        return self._journal.record

    @property
    def has_faults(self) -> bool:
        """Whether any fault injection rule is active."""
        return bool(self._injector.faults)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the application wrapped in the fault injection middleware."""
        return FaultInjectionMiddleware(app, self._injector, self._find_merchant)
