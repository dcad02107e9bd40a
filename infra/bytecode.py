"""The package of ``chalice package`` with its modules compiled.

    python -m infra.bytecode .build/package/deployment.zip

A function cannot write to its own directory. Without bytecode in the package every cold start
compiles every module that it imports. Run it with the Python version that the functions have.
"""

import argparse
import compileall
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


def add(package: Path) -> None:
    """Put bytecode beside every module, in place of what a workstation has left there.

    It is used without a look at the source: a deployed source never changes, and the times of
    unpacked files say nothing.

    Raises:
        ValueError: a module does not compile.
    """
    with TemporaryDirectory() as place:
        compiled = Path(place, "compiled.zip")
        with ZipFile(package) as given, ZipFile(compiled, "w", ZIP_DEFLATED) as made:
            for entry in given.infolist():
                if "__pycache__" not in Path(entry.filename).parts:
                    given.extract(entry, Path(place, "code"))
                    made.writestr(entry, given.read(entry))
            for path in _compiled(Path(place, "code")):
                entry = ZipInfo(str(path.relative_to(Path(place, "code"))))
                entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
                made.writestr(entry, path.read_bytes())
        package.write_bytes(compiled.read_bytes())


def _compiled(code: Path) -> list[Path]:
    mode = PycInvalidationMode.UNCHECKED_HASH
    good = compileall.compile_dir(code, maxlevels=50, quiet=1, stripdir=code, invalidation_mode=mode)
    if not good:
        raise ValueError("a module of the package does not compile")
    return sorted(code.rglob("*.pyc"))


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.bytecode", description="Compile the modules of a package.")
    parser.add_argument("package", type=Path, help="the deployment.zip of chalice package")
    add(parser.parse_args(arguments).package)


if __name__ == "__main__":
    main()
