"""Parts of the page Train: its three steps, its advanced options, the learning rate finder."""
