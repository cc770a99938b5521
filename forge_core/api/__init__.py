"""The data plane: Starlette routes that the browser's components call beside Streamlit.

Thousands of thumbnails and labels an hour would drown in page reruns, so they travel here.
Every route parses strictly, calls one use case, and answers JSON; no rule of the product
lives in this room.
"""
