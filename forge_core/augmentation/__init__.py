"""How pixels become network inputs: the one eval transform, and the random ones of training.

Pure: images and numbers in, tensors out. No database, no files, no network. Whatever
training, evaluation, prediction and the preview show is computed here, once.
"""
