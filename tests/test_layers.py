"""Layer rules that import-linter cannot check: the web layer reaches adapters through actions only.

`Services` has the adapters as attributes, so code that never imports an adapter can still use one.
"""

import ast
from pathlib import Path
from typing import get_type_hints

import fatrina.web
from fatrina.actions import Services

WEB = Path(fatrina.web.__file__).parent
ADAPTER_FIELDS = {
    name
    for name, hint in get_type_hints(Services).items()
    if hint.__module__.startswith("fatrina.adapters")
}


def adapter_accesses(source: str) -> list[str]:
    """Return `LINE: .FIELD` for each access to an attribute with the name of an adapter field.

    Any object counts, because a `Services` may be bound to any name. `getattr` with the name of
    a field counts too.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name: object = node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            name = getattr(node.args[1], "value", None)
        else:
            continue
        if name in ADAPTER_FIELDS:
            found.append(f"{node.lineno}: .{name}")
    return found


def test_adapter_fields_are_found() -> None:
    expected = {"database", "storage", "housekeeping", "spool", "decoders", "downloader"}
    assert expected == ADAPTER_FIELDS


def test_adapter_access_is_detected() -> None:
    source = (
        "async def ready(services):\n"
        "    await run_sync(self._services.database.check)\n"
        "    spool = getattr(services, 'spool')\n"
        "    with services.clock.stage('run'):\n"
        "        services.decoders.check_capacity()\n"
    )
    assert sorted(adapter_accesses(source)) == ["2: .database", "3: .spool", "5: .decoders"]


def test_web_layer_does_not_access_adapters() -> None:
    accesses = {
        str(path.relative_to(WEB)): found
        for path in sorted(WEB.rglob("*.py"))
        if (found := adapter_accesses(path.read_text()))
    }
    assert not accesses
