"""Tools of npm, pinned by ``package-lock.json``, run by the Node.js that comes as a Python package."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"


@dataclass(frozen=True, slots=True)
class Tools:
    """An environment of npm's tools."""

    place: Path
    programs: Path  # where Node.js is

    def run(self, name: str, *options: str | Path) -> int:
        """Run a tool; its exit code."""
        return self._run([self.place / "node_modules" / ".bin" / name, *options])

    def script(self, code: Path, *options: str | Path) -> int:
        """Run a script of ours that uses the tools as modules."""
        return self._run(["node", code, *options])

    def _run(self, command: list[str | Path]) -> int:
        return subprocess.run(command, env=self._environment(), cwd=self.place, check=False).returncode

    def _environment(self) -> dict[str, str]:
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        modules = str(self.place / "node_modules")
        return {**os.environ, "PATH": path, "NODE_PATH": modules, "REDOCLY_TELEMETRY": "off", "NO_UPDATE_NOTIFIER": "1"}

    def install(self) -> None:
        """Exactly what the lock file names, at first use; no package runs a script of its own."""
        wanted = LOCK.read_text()
        ready = self.place / ".ready"
        if ready.exists() and ready.read_text() == wanted:
            return
        self.place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, self.place / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
        subprocess.run(command, env=self._environment(), cwd=self.place, check=True)
        ready.write_text(wanted)
