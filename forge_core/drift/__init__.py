"""After shipping: whether the traffic of a checkpoint still looks like what it was tested on.

Reads the log that the service writes, compares it with the checkpoint's own validation and test
images, and says how right the answers may be. It labels nothing and changes no checkpoint.
"""
