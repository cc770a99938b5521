"""The frame around every page: navigation, header line, and nothing else.

Every visit goes through here, also a first one straight to `/gallery`. The script lives
inside `pages/` on purpose: beside a folder named `pages` Streamlit would build its own
navigation from the files and skip this one.
"""

import streamlit as st

from pages.components import errors
from pages.components.frame import header, navigation, style, torch_loading, workspace_address

st.set_page_config(
    page_title="Vision Forge",
    page_icon=style.draw_icon(),
    layout="wide",
    initial_sidebar_state=style.SIDEBAR_PIXELS,
)


def open_gallery() -> None:
    """The bare address leads to the gallery.

    The gallery itself cannot be the default page: Streamlit serves a default page at `/`
    only, and every link to `/gallery` would be told that there is no such page.
    """
    navigation.go_to("gallery")


sections = {
    name: [
        st.Page(
            navigation.PAGES_FOLDER / entry.file,
            title=entry.title,
            icon=entry.icon,
            url_path=entry.url_path,
        )
        for entry in entries
        if entry.exists()
    ]
    for name, entries in navigation.SECTIONS.items()
}
start = st.Page(open_gallery, title="Vision Forge", default=True, visibility="hidden")
page = st.navigation({"": [start], **{name: pages for name, pages in sections.items() if pages}})
st.logo(style.logo(), size="large")
style.apply()
with errors.guarded_page():
    header.show()
if workspace_address.is_of_another():
    st.stop()
entry = navigation.find_page(page.url_path)
if entry is not None and entry.needs_torch:
    torch_loading.wait()
page.run()
