"""The pictures themselves: what can be measured of them without knowing what they show."""
