"""A Chromium of this machine; a fresh Debian gets one."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium is here. Install one (Debian: apt-get install chromium; elsewhere Chromium or Google Chrome), "
    "or name it: CHROMIUM=/path/to/chromium make browser"
)


class NoChromium(Exception):
    """There is none, or ``CHROMIUM`` names something that cannot be run; the text says what to do."""


def find(environment: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> str | None:
    """The program that ``CHROMIUM`` names, or else the first on the path.

    Raises:
        NoChromium: ``CHROMIUM`` names something that cannot be run.
    """
    named = environment.get("CHROMIUM")
    if named:
        program = which(named)
        if program is None:
            raise NoChromium(f"CHROMIUM names {named}, and that cannot be run.")
        return program
    return next((program for name in NAMES if (program := which(name))), None)


def found_or_installed(say: Callable[[str], None]) -> str:
    """The program; root on Debian installs it at first use.

    Raises:
        NoChromium: there is none, and none can be installed.
    """
    program = find(os.environ)
    if program is None and _may_install():
        say("installing Chromium with apt-get (once; a minute or two)")
        _install()
        program = find(os.environ)
    if program is None:
        raise NoChromium(MISSING)
    return program


def _may_install() -> bool:
    try:
        debian = platform.freedesktop_os_release()["ID"] == "debian"  # elsewhere the name is another package's
    except OSError:
        return False
    return debian and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        apt = ["apt-get", "-qq", *command]
        done = subprocess.run(apt, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoChromium(f"apt-get {command[0]} failed:\n{done.stderr}\n{MISSING}")
