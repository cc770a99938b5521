"""Every route of the data plane, assembled."""

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount

from forge_core.api import (
    addresses,
    assets,
    classes,
    images,
    jobs,
    maps,
    operations,
    polling,
    positions,
    preferences,
    runs,
    session,
    uploads,
)
from forge_core.api.endpoints import WorkspaceProvider

NAMELESS = PlainTextResponse("This address names no workspace. Reload the page.", 404)
"""To a page of an older version. Not JSON: it would take that for a refusal of what it saves."""


def routes(workspace_provider: WorkspaceProvider) -> list[BaseRoute]:
    """The routes under `addresses.root`, and what is said of an address that is under no id.

    Args:
        workspace_provider: Gives the workspace at each request; cheap once it is open.
    """
    of_workspace = [
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
        *maps.routes(workspace_provider),
        *uploads.routes(workspace_provider),
    ]
    return [
        Mount(addresses.root(f"{{{addresses.PARAMETER}}}"), routes=of_workspace),
        Mount(addresses.API, app=NAMELESS),
    ]
