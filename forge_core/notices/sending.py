"""Send what waits, beside whatever else this process does: slow or dead receivers harm nothing."""

import logging
import threading
import time

from db.enums import NoticeState
from db.failures import DATABASE_UNAVAILABLE
from db.run_records import Notice
from forge_core.errors import ForgeError
from forge_core.notices import channels, message, outbox
from forge_core.workspace import Workspace

LOOK_SECONDS = 2.0
PAUSES_SECONDS = (10.0, 60.0, 300.0, 900.0)
"""Before the second attempt and the ones after it; then it is given up."""
MAX_ATTEMPTS = len(PAUSES_SECONDS) + 1
UNFORESEEN = "It failed for a reason that was not foreseen; the log of the supervisor has it."
_log = logging.getLogger("forge.supervisor")


class Sender:
    """Sends the notices of one machine.

    An attempt is counted before it is made, by a conditional update: no notice is sent twice,
    except where the process dies between the receiver's answer and the row.
    """

    def __init__(self, workspace: Workspace, host: str) -> None:
        self._workspace = workspace
        self._host = host
        self._tried_at: dict[int, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self.is_busy = False
        """Whether something waits, as it was seen last."""

    def start(self) -> None:
        """Send from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more; what is on its way may still arrive."""
        self._done.set()

    def look(self) -> bool:
        """Try once what is due; says whether anything still waits."""
        waiting = outbox.list_waiting(self._workspace, self._host)
        for notice in waiting:
            if self._is_due(notice) and not self._done.is_set():
                self._try(notice)
        self.is_busy = bool(outbox.list_waiting(self._workspace, self._host)) if waiting else False
        return self.is_busy

    def _run(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            try:
                self.look()
            except DATABASE_UNAVAILABLE as error:
                _log.warning("notices wait for the database: %s", error)
            except Exception:
                _log.exception("notices could not be sent")

    def _is_due(self, notice: Notice) -> bool:
        tried_at = self._tried_at.get(notice.notice_id)
        if not notice.num_attempts or tried_at is None:
            return True  # never tried, or by a process before us
        pause = PAUSES_SECONDS[min(notice.num_attempts, len(PAUSES_SECONDS)) - 1]
        return time.monotonic() - tried_at >= pause

    def _try(self, notice: Notice) -> None:
        with self._workspace.database.write() as uow:
            if not uow.notices.take(notice):
                return
        state, error = self._send(notice)
        if state != NoticeState.SENT and notice.num_attempts + 1 >= MAX_ATTEMPTS:
            state = NoticeState.GIVEN_UP
        self._tried_at[notice.notice_id] = time.monotonic()
        with self._workspace.database.write() as uow:
            uow.notices.update_state(notice, state, error)

    def _send(self, notice: Notice) -> tuple[NoticeState, str]:
        try:
            told = message.compose(self._workspace, notice.job_id)
            channels.send(self._workspace.settings, notice.channel, told)
        except ForgeError as failure:
            _log.warning("job %d, %s: %s", notice.job_id, notice.channel, failure.message)
            return NoticeState.WAITING, f"{failure.message} {failure.next_step}".strip()
        except Exception:
            _log.exception("job %d, %s", notice.job_id, notice.channel)
            return NoticeState.WAITING, UNFORESEEN
        _log.info("job %d: told by %s", notice.job_id, notice.channel)
        return NoticeState.SENT, ""
