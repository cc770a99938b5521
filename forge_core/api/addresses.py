"""Where the data plane lies: all routes of a workspace under its id, as a server may have many."""

API = "/forge-api"
PARAMETER = "workspace_id"


def root(workspace_id: str) -> str:
    """Where the routes of a workspace begin."""
    return f"{API}/w/{workspace_id}"
