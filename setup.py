"""What pyproject.toml cannot say: the web app goes into the wheel as one folder (ADR 0019)."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

APP_FOLDER = "vision_forge_app"
"""Of the installed app; `forge web` looks for it beside forge_core."""


class BuildWithApp(build_py):
    """Builds the packages, and puts app.py, pages and .streamlit together in `APP_FOLDER`."""

    def run(self) -> None:
        """Build; for an editable install nothing is copied: the checkout itself is the app."""
        super().run()
        if self.editable_mode:
            return
        for source, target in self._app_files().items():
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        """What a source distribution holds."""
        return [*super().get_source_files(), *self._app_files()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """What a build makes."""
        return [*super().get_outputs(include_bytecode), *self._app_files().values()]

    def _app_files(self) -> dict[str, str]:
        found = [Path("app.py"), Path(".streamlit/config.toml")]
        found += [
            path
            for path in sorted(Path("pages").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
        return {str(path): str(Path(self.build_lib, APP_FOLDER, path)) for path in found}


setup(cmdclass={"build_py": BuildWithApp})
