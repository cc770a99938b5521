"""The field's words that stand on the pages, each in one sentence for whoever points at it.

The sentences are those of docs/glossary.md (a test compares them).
"""

import re

SENTENCES = {
    "warm-up": "The warm-up is the first stage of a pretrained run: only the head learns, and the "
    "backbone stays as it came.",
    "fine-tuning": "Fine-tuning is the second stage of a pretrained run: all layers learn, the "
    "backbone more slowly than the head.",
    "head": "The head is the last part of a network; it turns what the backbone saw into a number "
    "for each class.",
    "backbone": "The backbone is the larger part of a network; it turns an image into the features "
    "that the head judges.",
    "batch": "A batch is the images that a network looks at together before its weights change "
    "once.",
    "revision": "A revision is one saved change of the catalog: its number, who made it, when, and "
    "what was before and after.",
    "checkpoint": "A checkpoint is a file with the weights of a network after an epoch, and a card "
    "that says how to use them.",
    "alias": "An alias is a free name for a checkpoint, such as production; what it means changes "
    "by dated entries that stay.",
}


def explain(label: str) -> str | None:
    """The sentences of the words that a label holds, in its order; None where it holds none."""
    words = (word for word in re.findall(r"[a-z-]+", label.lower()) if word in SENTENCES)
    return " ".join(SENTENCES[word] for word in dict.fromkeys(words)) or None
