"""Parts of the page Predict: pictures in, answers out, corrections."""
