"""Read and write one aggregate each; the caller owns the transaction."""
