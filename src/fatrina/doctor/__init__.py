"""The doctor: examines this machine, the data folder and the settings, and says what to do."""

from fatrina.doctor import choices, folder, machine
from fatrina.doctor.report import Report
from fatrina.settings import Settings


def examine(settings: Settings, *, deep: bool = False) -> bool:
    """Print a report; False when something in it fails. A server may be running.

    With `deep`, every stored file is decoded.
    """
    report = Report()
    report.title("Versions")
    machine.versions(report)
    report.title("Decoders")
    machine.decoders(report, settings)
    report.title("Machine")
    machine.limits(report, settings)
    report.title(f"Data folder {settings.data.absolute()}")
    folder.examine(report, settings, deep=deep)
    report.title("Settings")
    choices.examine(report, settings)
    report.verdict()
    return not report.failures
