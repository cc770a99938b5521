"""One typed `Settings`, as the environment and `.env` are each time it is asked for.

Never kept in a module constant: a test or a second workspace must be able to change it.
"""

import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"


class Settings(BaseSettings):
    """Everything an operator can set; each field is the variable `FORGE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="FORGE_", env_file=ENV_FILE, extra="ignore")

    workspace: Path = Field(
        Path("workspace"), description="Folder of the catalog, its runs and its caches."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; empty means the SQLite file forge.db in the workspace."
    )
    asset_root: str = Field(
        "",
        description="Folder or fsspec URL of the image bytes; empty means assets/ there.",
    )
    runs_root: str = Field(
        "",
        description="Folder or fsspec URL of the runs' files; empty means runs/ in the workspace.",
    )
    cache_root: str = Field(
        "",
        description="Folder of thumbnails and packs, which may be deleted at any time; "
        "empty means cache/ in the workspace.",
    )
    user: str = Field("", description="Author of changes; empty means the name of the login.")
    executor: str = Field(
        "local", description="Where trainings run: local, ray or slurm; all other jobs run here."
    )
    ray_address: str = Field(
        "", description="Address of the Ray head's dashboard, such as http://head:8265."
    )
    ray_token: str = Field("", description="Token of the Ray cluster; empty where it asks none.")
    slurm_options: str = Field(
        "",
        description="What sbatch is asked for, such as partition=gpu time=4:00:00 gres=gpu:1; a "
        "time must be given.",
    )
    cluster_cpus: int = Field(
        1, gt=0, description="Processors that the cluster reserves for each process of a run."
    )
    cluster_gpus: int = Field(
        0, ge=0, description="GPUs that it reserves for each process of a run that may use one."
    )
    cluster_jobs: int = Field(
        4, gt=0, description="Most runs that are handed to the cluster at a time."
    )
    cluster_resumes: int = Field(
        0,
        ge=0,
        description="How often a run whose node was lost goes on by itself from what it saved.",
    )
    cluster_python: str = Field(
        "",
        description="Python of the cluster's nodes; empty means python3, and where the cluster is "
        "this machine, the one that runs here.",
    )
    max_image_bytes: int = Field(
        64 * 2**20, gt=0, description="Largest image file that is read, in bytes."
    )
    max_image_pixels: int = Field(
        100_000_000, gt=0, description="Largest width x height that is decoded, in pixels."
    )
    grey_window: str = Field(
        "declared",
        description="Which greys of 16-bit, 32-bit and float images become black and white, in the "
        "gallery and in new runs: declared (what the file says), percentile:1-99 (of each image's "
        "own pixels) or fixed:CENTRE/WIDTH (the same values in every image).",
    )
    max_archive_bytes: int = Field(
        20 * 2**30, gt=0, description="Largest sum of unpacked file sizes of an archive, in bytes."
    )
    max_archive_files: int = Field(
        1_000_000, gt=0, description="Most files that an archive may hold."
    )
    pack_budget_bytes: int = Field(
        20 * 2**30,
        ge=0,
        description="Disk that decoded pixels may use, in bytes; those that no run uses make room, "
        "and what still does not fit is decoded again in every epoch.",
    )
    score_after_training: bool = Field(
        True,
        description="Whether a finished run scores every image of the catalog, in the background; "
        "without it `forge score` and the run's page do it when asked.",
    )
    keep_spare_worker: bool = Field(
        True,
        description="Whether a process waits with PyTorch imported while nothing trains, so that a "
        "run begins some seconds earlier; it takes about 440 MB of memory.",
    )
    preload_torch: bool = Field(
        True,
        description="Whether the web app imports PyTorch as soon as it has started; without it the "
        "first page that computes does, which takes some seconds, and a server on which people "
        "only label takes less memory.",
    )
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1],testserver",
        description="Host names that the web app answers to, separated by commas; * for any.",
    )
    import_roots: str = Field(
        "",
        description="Folders below which a path may be typed on the Import page, separated as in "
        "PATH; empty means any path while the web app answers to this machine only, else none.",
    )
    public_url: str = Field(
        "",
        description="Address under which people open the web app, such as https://forge.example; "
        "links in notices begin with it, and without it they name the command instead.",
    )
    notice_webhook: str = Field(
        "",
        repr=False,
        description="http or https address that is told by POST when a run has ended; of Slack, "
        "Mattermost or a service of your own.",
    )
    notice_mail_to: str = Field(
        "", description="Addresses that are mailed when a run has ended, separated by commas."
    )
    notice_mail_from: str = Field(
        "", description="Sender of these mails; empty means forge@ and the name of the machine."
    )
    smtp_host: str = Field("", description="Mail server; without it no mail is sent.")
    smtp_port: int = Field(587, gt=0, lt=65536, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls, tls (from the first byte, usually port 465), or none; a password "
        "is never sent with none.",
    )
    smtp_user: str = Field("", description="Name for the mail server; empty means none is asked.")
    smtp_password: str = Field("", repr=False, description="Password for the mail server.")
    test_postgres_url: str = Field(
        "", description="Postgres server that the test suite uses instead of the embedded one."
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's; a copy with another workspace must not keep the folder of the first."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("workspace_folder", None)
        return copied

    @cached_property
    def workspace_folder(self) -> Path:
        """The workspace as an absolute path."""
        return self.workspace.expanduser().resolve()

    @property
    def resolved_database_url(self) -> str:
        """`database_url`, or the SQLite file of the workspace."""
        return self.database_url or f"sqlite:///{self.workspace_folder / 'forge.db'}"

    @property
    def resolved_asset_root(self) -> str:
        """`asset_root`, or the folder `assets` of the workspace."""
        return self.asset_root or str(self.workspace_folder / "assets")

    @property
    def resolved_runs_root(self) -> str:
        """`runs_root`, or the folder `runs` of the workspace."""
        return self.runs_root or str(self.workspace_folder / "runs")

    @property
    def cache_folder(self) -> Path:
        """Folder of everything that can be made again."""
        return Path(self.cache_root or self.workspace_folder / "cache")


def current() -> Settings:
    """The settings as the environment has them now.

    A page asks eight times while it is drawn, and reading takes milliseconds: they are read again
    only where something has changed of what they come from. Each asker has a copy of its own.
    """
    return _read(*_origin()).model_copy()


@lru_cache(maxsize=16)
def _read(*_: object) -> Settings:
    return Settings()


def _origin() -> tuple[object, ...]:
    """What settings depend on: variables, the folder that paths start from, and `.env` there."""
    variables = [pair for pair in os.environ.items() if pair[0].upper().startswith("FORGE_")]
    try:
        found = Path(ENV_FILE).stat()
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
    except OSError:
        stamp = None
    return tuple(sorted(variables)), os.environ.get("HOME"), str(Path.cwd()), stamp
