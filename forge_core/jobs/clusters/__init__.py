"""Executors of clusters that exist: Ray and Slurm run the same command line elsewhere."""
