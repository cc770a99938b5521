"""Background work that outlives the web app: the queue, and who runs what stands in it.

The jobs table is the queue. One supervisor a machine and workspace claims jobs and runs each
as a process group of its own; nothing here is Streamlit's, and the supervisor never imports
torch.
"""
