"""Doctor: checks the system, the data directory and the settings, and recommends actions."""

from fatrina.doctor import directory_checks, settings_checks, system_checks
from fatrina.doctor.report import Report
from fatrina.settings import Settings


def run_checks(settings: Settings, *, deep: bool = False) -> bool:
    """Print a report and return whether no check failed. A server may be running.

    With `deep`, every stored file is decoded.
    """
    report = Report()
    report.heading("Versions")
    system_checks.check_versions(report)
    report.heading("Decoders")
    system_checks.check_decoders(report, settings)
    report.heading("System limits")
    system_checks.check_limits(report, settings)
    report.heading(f"Data directory {settings.data.absolute()}")
    directory_checks.check_directory(report, settings, deep=deep)
    report.heading("Settings")
    settings_checks.check_settings(report, settings)
    report.summarize()
    return not report.failures
