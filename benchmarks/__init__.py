"""What we promise about accuracy and speed, measured; never part of a timed test."""
