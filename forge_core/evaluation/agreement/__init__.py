"""How far people agree with each other and with labels that are certain: pure numbers."""
