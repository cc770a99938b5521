"""The web app as far as states are concerned: its own routes, and jobs kept tended.

Without Streamlit, which adds nothing to what a run's page asks about its state. Run with
`python -m` and the port.
"""

import os
import sys
import time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from forge_core.api.routes import routes
from forge_core.database_health import DatabaseAway
from forge_core.jobs import supervision, tending
from forge_core.workspace import Workspace, open_workspace
from tests.chaos import shifted_clock

RESTART_SECONDS = 1.0
SUPERVISOR = "tests.chaos.supervisor_entry"


def use_supervisor_of_tests() -> None:
    """Whoever needs a supervisor starts that of the tests."""
    defaults = supervision.ensure_supervisor.__kwdefaults__
    assert defaults is not None
    defaults["module"] = SUPERVISOR


def open_again_and_again() -> Workspace:
    """The app ends where its database does not answer, and whoever runs it starts it again."""
    while True:
        try:
            return open_workspace()
        except DatabaseAway:
            time.sleep(RESTART_SECONDS)


if __name__ == "__main__":
    shifted_clock.install(Path(os.environ["FORGE_WORKSPACE"]))
    use_supervisor_of_tests()
    workspace = open_again_and_again()
    app = Starlette(routes=routes(lambda: workspace), lifespan=lambda _: tending.kept_up(workspace))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
