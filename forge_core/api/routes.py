"""Every route of the data plane, assembled."""

from starlette.routing import Route

from forge_core.api import (
    assets,
    classes,
    images,
    jobs,
    operations,
    polling,
    positions,
    preferences,
    runs,
    session,
)
from forge_core.api.endpoints import WorkspaceProvider


def routes(workspace_provider: WorkspaceProvider) -> list[Route]:
    """The routes under `/forge-api`.

    Args:
        workspace_provider: Gives the workspace at each request; cheap once it is open.
    """
    return [
        *session.routes(workspace_provider),
        *polling.routes(workspace_provider),
        *positions.routes(workspace_provider),
        *assets.routes(workspace_provider),
        *images.routes(workspace_provider),
        *classes.routes(workspace_provider),
        *operations.routes(workspace_provider),
        *preferences.routes(workspace_provider),
        *runs.routes(workspace_provider),
        *jobs.routes(workspace_provider),
    ]
