"""An audit: fifty answers that a person checks, a key or a click an image."""

from pathlib import Path

import streamlit as st

from forge_core.drift import audits, kept_reports
from forge_core.drift.accuracy import AUDIT_IMAGES
from forge_core.drift.audits import Audit, AuditImage, Found
from forge_core.drift.judging import DriftReport
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.drift import report_view
from pages.components.frame import session
from pages.components.words import text

PICTURE_SIDE = 320
MOST_KEYS = 9
MOST_BUTTONS = 20


def show(workspace: Workspace, report: DriftReport, audit: Audit | None) -> None:
    """Draw the audit that was drawn, or the button that draws one."""
    st.subheader(f"Audit of {AUDIT_IMAGES}", anchor=False)
    if audit is None:
        st.markdown(
            f"Check {AUDIT_IMAGES} answers: they are drawn by how sure the network is, so that "
            "each tells as much as it can, and correct the estimate whatever has changed."
        )
    else:
        show_images(report, audit)
    with st.container(horizontal=True):
        if st.button(
            "Draw 50 answers" if audit is None else "Draw anew",
            icon=":material/casino:",
            key="drift_draw",
            help="Of all answers that this report is of. An earlier draw is replaced.",
        ):
            act(workspace, report)


def act(workspace: Workspace, report: DriftReport) -> None:
    """Draw an audit."""
    with errors.redrawing():
        kept_reports.draw_audit(workspace, report)


def show_images(report: DriftReport, audit: Audit) -> None:
    """The next image that nothing is said of yet, and how many are done."""
    folder = Path(report.folder)
    done, total = audit.num_said, len(audit.images)
    st.progress(done / total, f"{done} of {total} checked")
    there = [
        (each, path)
        for each in audit.images
        if (path := audits.picture_of(folder, audit, each)) is not None
    ]
    open_ = [(each, path) for each, path in there if each.image_sha256 not in audit.said]
    if len(there) < total:
        st.info(
            f"{total - len(there)} of these images have no picture here. Where you have them, "
            "`forge drift --pictures FOLDER` finds them by their hashes; or write "
            "`image_sha256,label` into a file for `forge drift --labels FILE`.",
            icon=":material/image_not_supported:",
        )
    if open_:
        show_question(report, audit, *open_[0])
    elif done:
        st.markdown(
            f":material/check: {text.plural(audit.num_labels, 'label')} count. "
            "**Look at the traffic** says what they mean."
        )
    show_undo(report, audit)


def show_question(report: DriftReport, audit: Audit, image: AuditImage, path: Path) -> None:
    """The picture, and the classes as buttons; the digits and letters on them are keys."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        report_view.show_picture(session.workspace(), path, PICTURE_SIDE, "Image of the audit")
    with right:
        st.markdown(
            "**What is it?** :gray[What was answered is not shown, so that it sways nobody.]"
        )
        names = [share.name for share in report.mix]
        with st.container(horizontal=True, gap="small"):
            for place, name in enumerate(names[:MOST_BUTTONS]):
                st.button(
                    errors.literal(name),
                    key=f"drift_say_{place}",
                    shortcut=str(place + 1) if place < MOST_KEYS else None,
                    on_click=say,
                    args=(report, audit, image, name),
                )
        if len(names) > MOST_BUTTONS:
            chosen = st.selectbox(
                "Another class",
                names[MOST_BUTTONS:],
                index=None,
                key=f"drift_other_{image.image_sha256[:12]}",
            )
            if chosen is not None:
                say(report, audit, image, chosen)
                st.rerun()
        with st.container(horizontal=True, gap="small"):
            for found, key in ((Found.NONE, "0"), (Found.UNCLEAR, "x")):
                st.button(
                    text.capital(found.value),
                    key=f"drift_say_{found.name}",
                    type="tertiary",
                    shortcut=key,
                    on_click=say,
                    args=(report, audit, image, found.value),
                )


def say(report: DriftReport, audit: Audit, image: AuditImage, label: str) -> None:
    """Keep what the person says of an image."""
    by = session.actor().checked().name
    try:
        audits.say(Path(report.folder), audit, {image.image_sha256: label}, by=by)
    except ForgeError as error:
        errors.show(error)


def show_undo(report: DriftReport, audit: Audit) -> None:
    """Take the last word back."""
    said = [each for each in audit.images if each.image_sha256 in audit.said]
    if not said:
        return
    last_key = list(audit.said)[-1]
    last = next((each for each in said if each.image_sha256 == last_key), said[-1])
    st.button(
        f"Undo: {errors.literal(audit.said[last.image_sha256])}",
        icon=":material/undo:",
        key="drift_undo",
        type="tertiary",
        shortcut="z",
        on_click=say,
        args=(report, audit, last, ""),
    )
