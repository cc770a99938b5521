"""What the newest import did, every line a door; or why it did not."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.boxes import JobError
from db.enums import FileFact, FindingOutcome, JobStatus, ReviewState
from db.records import Job
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.catalog.importing.merging import rules
from forge_core.catalog.importing.merging.vote_writing import WrittenVotes
from forge_core.catalog.splits import split_rule
from forge_core.errors import JobFailed
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import undo_notice
from pages.components.importing import problem_list
from pages.components.words import relative_time, text


def show(workspace: Workspace, job: Job, actor: Actor) -> None:
    """Draw a finished import job."""
    with st.container(border=True, key="import-report"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{errors.literal(job.title)}**", width="content")
            if job.finished_at is not None:
                relative_time.show(job.finished_at)
        if job.status == JobStatus.SUCCEEDED:
            _show_success(workspace, job.result or {}, actor)
        elif job.status == JobStatus.CANCELLED:
            st.markdown("Cancelled: nothing was added. Choose the images again to start over.")
        else:
            errors.show(_failure(job))


def _show_success(workspace: Workspace, result: Mapping[str, Any], actor: Actor) -> None:
    added, present = int(result.get("added", 0)), int(result.get("already_present", 0))
    source = str(result.get("source_dataset") or "")
    here = gallery_links.gallery_query(source=source or None)
    updated = int(result.get("updated", 0))
    if added:
        took = result.get("duration_seconds")
        within = f" in {text.duration(took)}" if took else ""
        gallery_links.gallery(f"{text.plural(added, 'image')} added{within}", here)
    elif not updated and not result.get("votes", {}).get("num_written"):
        st.markdown(":material/check: Nothing new: every image that can be read is here already.")
    if present:
        gallery_links.gallery(
            f"{text.plural(present, 'image was', 'images were')} here already", here
        )
    given = split_rule.describe_given(dict(result.get("split_by_rule", {})))
    if given:
        st.markdown(f":material/call_split: {given}")
    _show_outcomes(dict(result.get("outcomes", {})))
    for sentence in WrittenVotes(**result.get("votes", {})).sentences():
        st.markdown(f":material/how_to_vote: {errors.literal(sentence)}")
    created = list(result.get("classes_created", []))
    if created:
        new = text.plural(len(created), "new class", "new classes")
        names = errors.literal(", ".join(created[:8]) + (" …" if len(created) > 8 else ""))
        gallery_links.show(f"{new}: {names}", "balance", icon=":material/label:")
    for name, into in dict(result.get("classes_merged", {})).items():
        words = f"Images of {name!r} are {into!r} now: the classes were merged."
        st.markdown(f":material/merge: {errors.literal(words)}")
    for name in list(result.get("classes_revived", [])):
        st.markdown(f":material/unarchive: {errors.literal(f'{name!r} is in use again.')}")
    problems = [ImportProblem(**problem) for problem in result.get("skipped", [])]
    if added and any(problem.reason == "several_labels" for problem in problems):
        unlabelled = gallery_links.gallery_query(label="none", source=source or None)
        gallery_links.gallery("Label what came with several labels or none", unlabelled)
    numbers: Mapping[str, int] = result.get("num_by_reason", {})
    problem_list.show(problems, _doors(result, here), numbers)
    untold = int(result.get("num_skipped", len(problems))) - len(problems)
    if untold > 0 and not numbers:
        st.caption(f"And {untold:,} more that are not listed.")
    if added or updated or result.get("votes", {}).get("num_written"):
        _show_next_steps(workspace, result, actor)


def _doors(result: Mapping[str, Any], here: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What opens the images that came in though not all of their file is seen: of this import."""
    if result.get("revision_id") is None:
        return {}
    of_this = {**here, "changed_since": str(int(result["revision_id"]) - 1)}
    return {
        "first_frame": {**of_this, "file": FileFact.PAGES},
        "nearly_black": {**of_this, "file": FileFact.FEW_GREYS},
    }


def _show_outcomes(outcomes: Mapping[str, Mapping[str, int]]) -> None:
    """What it brought to images that were there, and the door to those that wait."""
    for sentence in rules.describe(outcomes, is_done=True):
        st.markdown(f":material/merge: {errors.literal(sentence)}")
    if {FindingOutcome.ASKED, FindingOutcome.LEAK} & outcomes.keys():
        gallery_links.gallery("Decide what is contested", {"review": ReviewState.CONTESTED})


def _failure(job: Job) -> JobFailed:
    told = job.error or JobError()
    return JobFailed(
        told.message or "The import ended without a word (killed, or out of memory).",
        next_step=told.next_step or "Nothing was added. Choose the images again.",
        detail=told.detail,
    )


def _show_next_steps(workspace: Workspace, result: Mapping[str, Any], actor: Actor) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        gallery_links.show("Check the balance", "balance")
        revision_id = result.get("revision_id")
        if revision_id is not None and st.button(
            "Undo the import", key="import:undo", type="tertiary", icon=":material/undo:"
        ):
            undo_notice.undo(workspace, int(revision_id), actor)
            st.rerun()
