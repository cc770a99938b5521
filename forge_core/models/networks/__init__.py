"""The networks themselves: backbones, heads, and how one is put together and proven."""
