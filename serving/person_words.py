"""A stored reason in the words that staff read, for the export of what is held on one person: nothing is hidden from them."""

from collections.abc import Mapping
from typing import Any

from features.catalogue import FEATURE_OF
from models.reasons import missing_sentence, sentence
from records.text import Text


def in_words(stored: Mapping[str, Any]) -> Text:
    """The sentence of a reason, or of something that was not known; the bare name of a feature that there is no more."""
    feature = FEATURE_OF.get(stored["feature"])
    if feature is None:
        return Text(th=str(stored["feature"]), en=str(stored["feature"]))
    if "value" in stored:
        return sentence(feature, stored["value"])
    return missing_sentence(feature.label)
