"""Files of labels as such: tables row by row, what their columns mean, where they are written."""
