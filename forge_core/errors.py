"""Errors that a person may read: what was asked, what was found, what to do next.

Every failure that the product foresees is a `ForgeError`. Each child also inherits
the built-in exception that a caller would expect, so library users can catch either.
"""


class ForgeError(Exception):
    """A foreseen failure.

    Args:
        message: What was asked and what was found, in one or two sentences.
        next_step: What the reader can do about it, a sentence; empty when nothing can be done.
        detail: The technical part, shown folded; never needed to understand the message.
    """

    def __init__(self, message: str, *, next_step: str = "", detail: str = "") -> None:
        super().__init__(f"{message} {next_step}".strip())
        self.message = message
        self.next_step = next_step
        self.detail = detail


class InvalidInput(ForgeError, ValueError):
    """A value that a person or a caller gave cannot be used."""


class NotFound(ForgeError, LookupError):
    """Something was named that does not exist."""


class Conflict(ForgeError):
    """The thing was changed by somebody else meanwhile, or is in use."""


class ImageRejected(InvalidInput):
    """Bytes that are not an image we can decode safely.

    Args:
        reason: Short machine word for reports, one of `imaging.decode.REASONS`.
    """

    def __init__(self, message: str, *, reason: str, next_step: str = "", detail: str = "") -> None:
        super().__init__(message, next_step=next_step, detail=detail)
        self.reason = reason


class StorageUnavailable(ForgeError, OSError):
    """The asset root cannot be reached, read or written: no disk space, bucket, credentials.

    Or the cache folder cannot be written.
    """


class DiskFull(StorageUnavailable):
    """There is no room for what was to be written; made room, the same work goes on."""


class WeightsUnavailable(ForgeError, OSError):
    """Pretrained weights are neither in the local cache nor downloadable."""


class CheckpointRejected(ForgeError, ValueError):
    """A checkpoint file is damaged, of another kind, or its golden predictions do not hold here."""


class TrainingFailed(ForgeError, RuntimeError):
    """A run stopped because of its data, its configuration or its numbers (NaN, out of memory)."""


class JobFailed(ForgeError, RuntimeError):
    """A background job could not be started or ended badly."""


class ExportFailed(ForgeError, RuntimeError):
    """Another tool did not take what was exported to it."""
