"""Finished runs for other tools: tables, TensorBoard and MLflow, written after the run."""
