"""How measured images were come by, and what may be concluded from them."""
