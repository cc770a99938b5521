"""Background work that is queued or running."""

from typing import Any

from starlette.routing import Route

from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.api.parsing import parse_query
from forge_core.jobs import queue


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/jobs`."""
    return [Route("/jobs", read_route(provider, list_jobs))]


def list_jobs(asked: ApiRequest) -> dict[str, Any]:
    """Jobs that are not finished, oldest first."""
    parse_query(asked.request.query_params, ())
    return {
        "jobs": [
            {
                "job_id": job.job_id,
                "kind": job.kind,
                "title": job.title,
                "status": job.status,
                "run_id": job.run_id,
                "progress": job.progress.fraction if job.progress else None,
                "eta_seconds": job.progress.eta_seconds if job.progress else None,
            }
            for job in queue.list_active_jobs(asked.workspace)
        ]
    }
