"""The files that runs leave: whose a folder is, and whether a file is the recorded one."""
