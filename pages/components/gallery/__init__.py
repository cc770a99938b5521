"""The grid of images: one Streamlit component with its own data routes."""
