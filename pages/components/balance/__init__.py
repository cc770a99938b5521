"""Parts of the page Class balance: the table, the class editor, the split tool, what labels pay."""
