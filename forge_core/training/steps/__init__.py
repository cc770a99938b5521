"""One update of the weights and what takes part in it: optimiser, precision, mixing, averages."""
