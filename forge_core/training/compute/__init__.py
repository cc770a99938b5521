"""How a run computes on this machine: its plan, its memory, its processes, how long it takes."""
