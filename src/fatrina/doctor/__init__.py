"""The doctor: examines this machine, the data folder and the settings, and says what to do."""

from fatrina.doctor import directory_checks, settings_checks, system_checks
from fatrina.doctor.report import Report
from fatrina.settings import Settings


def examine(settings: Settings, *, deep: bool = False) -> bool:
    """Print a report; False when something in it fails. A server may be running.

    With `deep`, every stored file is decoded.
    """
    report = Report()
    report.title("Versions")
    system_checks.versions(report)
    report.title("Decoders")
    system_checks.decoders(report, settings)
    report.title("Machine")
    system_checks.limits(report, settings)
    report.title(f"Data folder {settings.data.absolute()}")
    directory_checks.examine(report, settings, deep=deep)
    report.title("Settings")
    settings_checks.examine(report, settings)
    report.verdict()
    return not report.failures
