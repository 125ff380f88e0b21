"""A stored reason or look in the words that staff read, for the export of what is held on one person: nothing is hidden."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from features.catalogue import FEATURE_OF
from models.reasons import missing_sentence, sentence
from records.text import Text
from serving.texts import Texts, load_texts


def in_words(stored: Mapping[str, Any]) -> Text:
    """The sentence of a reason, of something that was not known, or of what was done; a name that is known no more, bare."""
    if "action" in stored:
        return _done(str(stored["action"]))
    feature = FEATURE_OF.get(stored["feature"])
    if feature is None:
        return Text(th=str(stored["feature"]), en=str(stored["feature"]))
    if "value" in stored:
        return sentence(feature, stored["value"])
    return missing_sentence(feature.label)


def _done(action: str) -> Text:
    texts, key = _texts(), f"audit.action_{action.replace(' ', '_')}"
    said = {language: words.say(key) if words.knows(key) else action for language, words in texts.items()}
    return Text(th=said["th"], en=said["en"])


@cache
def _texts() -> Mapping[str, Texts]:
    return load_texts()
