"""Builds the compiled twins of ``msa_ml/features/compiled`` where a C compiler is at hand; without one nothing is lost but speed."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("msa_ml/features/compiled")


class CompiledTwins(BuildHookInterface[Any]):
    """Compiles each ``.pyx`` in place and lets the wheel carry it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's own name
        """Compile, or say why not."""
        if self.target_name != "wheel":
            return
        try:
            built = compiled(Path(self.root))
        # Compilers fail in many ways (none there, no headers, no room), and the package works without.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self.app.display_warning(f"The compiled twins were not built, Python's own are used: {error}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"] += [path.as_posix() for path in built]


def compiled(root: Path) -> list[Path]:
    """Compile in place and return the paths below the root."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    # What an earlier installation left may be older than its source, and would stay where compiling fails.
    for left in (*(root / FOLDER).glob("*.so"), *(root / FOLDER).glob("*.pyd")):
        left.unlink()
    before = Path.cwd()
    os.chdir(root)
    try:
        with TemporaryDirectory() as scratch:
            made_of = runpy.run_path(str(FOLDER / "made_of.py"))["made_of"]
            extensions = [
                Extension(
                    ".".join(source.with_suffix("").parts),
                    [str(source)],
                    # The module knows what it was made of, so that an old one is not taken for a new one.
                    define_macros=[("MSA_SOURCE", f'"{made_of(source)}"')],
                    extra_compile_args=[] if os.name == "nt" else ["-O2", "-g0", "-Wno-unused-function"],
                )
                for source in sorted(FOLDER.glob("*.pyx"))
            ]
            written = cythonize(extensions, build_dir=scratch, quiet=True, language_level=3)
            command = Distribution({"ext_modules": written}).get_command_obj("build_ext")
            command.inplace, command.build_temp, command.parallel = True, scratch, True
            command.ensure_finalized()
            command.run()
            return [Path(path) for path in command.get_output_mapping().values()]
    finally:
        os.chdir(before)
