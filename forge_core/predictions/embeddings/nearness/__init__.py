"""How near images are to each other: which are typical, and which are like no other."""
