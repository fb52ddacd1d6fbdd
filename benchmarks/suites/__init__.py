"""The suites by name, in the order they run."""

from types import ModuleType

from benchmarks.suites import delivery, growth, kernel, roads, safety, update, uploads

SUITES: dict[str, ModuleType] = {
    "kernel": kernel,
    "update": update,
    "roads": roads,
    "delivery": delivery,
    "growth": growth,
    "safety": safety,
    "uploads": uploads,
}
