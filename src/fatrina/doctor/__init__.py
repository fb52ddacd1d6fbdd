"""The doctor: examines this machine, the data folder and the settings, and says what to do."""

from fatrina.doctor import directory_checks, settings_checks, system_checks
from fatrina.doctor.report import Report
from fatrina.settings import Settings


def run_checks(settings: Settings, *, deep: bool = False) -> bool:
    """Print a report; False when something in it fails. A server may be running.

    With `deep`, every stored file is decoded.
    """
    report = Report()
    report.heading("Versions")
    system_checks.check_versions(report)
    report.heading("Decoders")
    system_checks.check_decoders(report, settings)
    report.heading("Machine")
    system_checks.check_limits(report, settings)
    report.heading(f"Data folder {settings.data.absolute()}")
    directory_checks.check_directory(report, settings, deep=deep)
    report.heading("Settings")
    settings_checks.check_settings(report, settings)
    report.summarize()
    return not report.failures
