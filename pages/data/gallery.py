"""Gallery: look at images, and say what they show.

Filters live in the address, so that every number elsewhere can link to exactly its images.
"""

from pages.components import errors
from pages.components.gallery import gallery_page

with errors.guarded_page():
    gallery_page.show()
