"""Networks as files that other runtimes open: ONNX, a program of PyTorch, a folder with a card."""
