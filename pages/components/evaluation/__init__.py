"""Parts of the page Evaluation: which model is best, and what one of them gets wrong."""
