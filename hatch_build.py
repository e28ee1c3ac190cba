"""Builds the compiled twins of ``msa_ml/features/compiled`` where a C compiler is at hand; without one nothing is lost but speed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
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

    before = Path.cwd()
    os.chdir(root)
    try:
        sources = sorted(FOLDER.glob("*.pyx"))
        extensions = [
            Extension(
                ".".join(source.with_suffix("").parts),
                [str(source)],
                # What it was made of, for the test that it is not an old one.
                define_macros=[("MSA_SOURCE", f'"{hashlib.sha256(source.read_bytes()).hexdigest()}"')],
                extra_compile_args=[] if os.name == "nt" else ["-O2", "-g0", "-Wno-unused-function"],
            )
            for source in sources
        ]
        distribution = Distribution({
            "ext_modules": cythonize(extensions, build_dir="build/cython", quiet=True, language_level=3)
        })  # fmt: skip
        command = distribution.get_command_obj("build_ext")
        command.inplace = True
        command.build_temp = "build/objects"
        command.parallel = True
        command.ensure_finalized()
        command.run()
        return [Path(path) for path in command.get_output_mapping().values()]
    finally:
        os.chdir(before)
