"""What a person pressed on which image, beside what the catalog says became of it.

The page itself notes each class key with the image that had the focus on screen at that moment,
before the gallery sees the key, and whether the class was painted on it right after. From the
catalog come all changes since, in their order. If the two are the same sequence for every image,
then no label was lost, doubled, or put on another image.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Page
from sqlalchemy import select

from db.models import AssetChangeRow, RevisionRow
from forge_core.catalog.editing import classes
from forge_core.catalog.revisions import history
from forge_core.workspace import Workspace

NOTE_KEYS = """
window.pressedKeys = [];
const unseen = []; // presses of which we do not know yet what they painted
const look = () => {
  for (const [press, gallery] of unseen.splice(0)) {
    const now = gallery.querySelector(`.tile[data-id="${press.id}"] .name`);
    press.painted = now?.textContent ?? null;
  }
};
window.takePressedKeys = () => (look(), window.pressedKeys.splice(0));
addEventListener("keydown", (event) => {
  look(); // before this key paints something else on the same image
  const inside = (root) => root.querySelector(".gallery")
    ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && inside(e.shadowRoot))
      .find(Boolean);
  const gallery = event.composedPath().find((e) => e.classList?.contains("gallery"))
    ?? inside(document);
  const tile = gallery?.querySelector(".tile.focused:not([hidden])");
  if (!tile?.dataset.id) return;
  const press = { id: tile.dataset.id, key: event.key, painted: null };
  window.pressedKeys.push(press);
  unseen.push([press, gallery]);
  setTimeout(look);
}, true);
"""


@dataclass
class Ledger:
    """Presses of one page, and the catalog since the ledger was opened."""

    workspace: Workspace
    class_by_key: Mapping[str, str]
    since: int = 0
    presses: list[tuple[str, str]] = field(default_factory=list)
    ignored: int = 0
    """Keys that visibly did nothing, as while a dialog of Streamlit's was open."""

    def open(self, page: Page) -> None:
        """Begin to note; the page must be opened, or opened again, after this."""
        self.since = self.since or history.latest_revision_id(self.workspace)
        page.add_init_script(NOTE_KEYS)

    def collect(self, page: Page) -> None:
        """Take over what the page noted; before the page is left, and at the end."""
        noted = page.evaluate("() => window.takePressedKeys()")
        for press in noted:
            name = self.class_by_key.get(press["key"])
            if name is not None and press["painted"] in (name, None):
                self.presses.append((press["id"], name))
            elif name is not None:
                self.ignored += 1

    def wanted(self, before: str | None) -> dict[str, list[str]]:
        """The labels that each pressed image must have had, one after the other.

        A key of the class that the image has already is no change.
        """
        found: dict[str, list[str]] = {}
        for asset_id, name in self.presses:
            labels = found.setdefault(asset_id, [])
            if name != (labels[-1] if labels else before):
                labels.append(name)
        return found

    def stored(self) -> dict[str, list[str | None]]:
        """The labels that the catalog's changes gave each image since, one after the other."""
        return stored_labels(self.workspace, self.since)


def stored_labels(
    workspace: Workspace, since: int, author: str | None = None
) -> dict[str, list[str | None]]:
    """The labels that changes after a revision gave each image, in the order of the revisions."""
    names: dict[int | None, str | None] = {
        label.label_id: label.name for label in classes.list_classes(workspace)
    }
    names[None] = None
    statement = (
        select(AssetChangeRow.asset_id, AssetChangeRow.after_label_id)
        .join(RevisionRow, RevisionRow.revision_id == AssetChangeRow.revision_id)
        .where(AssetChangeRow.revision_id > since)
        .order_by(AssetChangeRow.revision_id)
    )
    if author is not None:
        statement = statement.where(RevisionRow.author == author)
    found: dict[str, list[str | None]] = {}
    with workspace.database.read() as uow:
        for asset_id, label_id in uow.session.execute(statement):
            found.setdefault(str(asset_id), []).append(names[label_id])
    return found


def labels_now(workspace: Workspace, asset_ids: Sequence[str]) -> list[str | None]:
    """The labels of these images."""
    with workspace.database.read() as uow:
        found = {
            str(asset.asset_id): asset.label_name
            for asset in uow.assets.list_by_ids([uuid.UUID(text) for text in asset_ids])
        }
    return [found[asset_id] for asset_id in asset_ids]
