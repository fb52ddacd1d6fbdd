"""The suites by name, in the order in which they run."""

from types import ModuleType

from benchmarks.suites import delivery, growth, history, kernel, requests, safety, update, uploads

SUITES: dict[str, ModuleType] = {
    "kernel": kernel,
    "update": update,
    "requests": requests,
    "delivery": delivery,
    "growth": growth,
    "history": history,
    "safety": safety,
    "uploads": uploads,
}
