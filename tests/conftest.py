"""What every test shares: chance that is fixed, and the skip rules of what may be missing."""

import os
import shutil

import pytest
import uvloop  # noqa: F401  # keeps the socket class it finds: before sockets are guarded
from hypothesis import HealthCheck, settings

from tests.support.chance import IS_FIXED, SEED, FixedChance
from tests.support.shared import HAS_SHARED

settings.register_profile(
    "shared-machine",
    deadline=None,
    derandomize=IS_FIXED,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("shared-machine")
CHANCE = FixedChance() if IS_FIXED else None

IN_CI = os.environ.get("CI") == "true"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if CHANCE is not None:
        config.pluginmanager.register(CHANCE)
        if getattr(config.option, "randomly_seed", None) == "default":
            config.option.randomly_seed = int(SEED)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("shared") and not HAS_SHARED:
            item.add_marker(pytest.mark.skip(reason="known answers in ../shared are not here"))
        if item.get_closest_marker("strace") and shutil.which("strace") is None:
            item.add_marker(pytest.mark.skip(reason="strace is not installed"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("CI=true: a skipped test is a failure", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests skipped: they need the known answers in ../shared, or strace "
            "(-rs says which)"
        )
