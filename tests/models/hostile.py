"""Model texts that nobody should send: each with what is said of it; and mutations of good ones without end.

A seed is a case, the same one on every run. ZERODROP_CASES says how many mutations a test tries.
"""

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CASES = int(os.environ.get("ZERODROP_CASES", "600"))

Fields = Mapping[str, str | None]  # None leaves the line out

HEAD: Fields = {
    "version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0", "max_feature_idx": "2",
    "objective": "binary sigmoid:1", "feature_names": "missed grade college", "feature_infos": "[0:1] [0:4] 1:2:40",
}  # fmt: skip
NUMERICAL: Fields = {
    "num_leaves": "3", "num_cat": "0", "split_feature": "0 1", "split_gain": "9 4", "threshold": "0.25 inf",
    "decision_type": "10 8", "left_child": "1 -1", "right_child": "-2 -3", "leaf_value": "-2 1 0.5",
    "leaf_weight": "40 50 10", "leaf_count": "40 50 10", "internal_value": "0 1", "internal_weight": "100 50",
    "internal_count": "100 50", "is_linear": "0", "shrinkage": "1",
}  # fmt: skip
CATEGORICAL: Fields = {
    **NUMERICAL, "num_cat": "2", "split_feature": "2 2", "threshold": "1 0", "decision_type": "9 1",
    "cat_boundaries": "0 1 3", "cat_threshold": "6 2 256",
}  # fmt: skip
STUMP: Fields = {
    "num_leaves": "1", "num_cat": "0", "split_feature": "", "split_gain": "", "threshold": "", "decision_type": "",
    "left_child": "", "right_child": "", "leaf_value": "-0.3", "leaf_weight": "", "leaf_count": "400",
    "internal_value": "", "internal_weight": "", "internal_count": "", "is_linear": "0", "shrinkage": "1",
}  # fmt: skip
TREES = (NUMERICAL, CATEGORICAL, STUMP)


def model_text(*trees: Fields, **head: str | None) -> str:
    """A LightGBM text of these trees; members of the head may be changed or, with None, left out."""
    parts = [f"Tree={number}\n{_lines(tree)}\n\n" for number, tree in enumerate(trees)]
    return f"tree\n{_lines({**HEAD, **head})}\n\n" + "\n".join(parts) + "\nend of trees\n\nparameters:\n[seed: 1]\n"


def _lines(fields: Fields) -> str:
    return "\n".join(f"{key}={value}" for key, value in fields.items() if value is not None)


def tree_with(tree: Fields = NUMERICAL, **changed: str | None) -> str:
    """A model of one tree in which some lines are changed or left out."""
    return model_text({**tree, **changed})


def chain(depth: int) -> Fields:
    """A tree whose longest way has `depth` splits: each split has a leaf on its left, the last one two."""
    splits, leaves = range(depth), depth + 1
    return {
        "num_leaves": str(leaves), "num_cat": "0", "split_feature": _joined(0 for _ in splits),
        "threshold": _joined(splits), "decision_type": _joined(2 for _ in splits),
        "left_child": _joined(~split for split in splits),
        "right_child": _joined(split + 1 if split + 1 < depth else ~depth for split in splits),
        "leaf_value": _joined(range(leaves)), "leaf_count": _joined(1 for _ in range(leaves)),
        "internal_count": _joined(leaves - split for split in splits), "is_linear": "0",
    }  # fmt: skip


def _joined(numbers: Iterator[int] | range | Mapping[int, int]) -> str:
    return " ".join(map(str, numbers))


GOOD = model_text(*TREES)


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """A text, and what its refusal says of it."""

    name: str
    text: str
    said: str


DAMAGED = (
    "The model text is damaged: {}. Promote the trained bundle again, or train a new one. · "
    "ต้นไม้ตัดสินใจของแบบจำลองเสียหาย ให้รับหน้าที่อีกครั้งด้วย zerodrop promote หรือฝึกใหม่ด้วย zerodrop train"
)
UNSUPPORTED = (
    "The model text cannot be explained exactly: {}. Train a model with `zerodrop train`. · "
    "ต้นไม้ตัดสินใจชนิดนี้ให้เหตุผลที่ตรงกับคะแนนไม่ได้ ฝึกแบบจำลองด้วย zerodrop train"
)


def hostile_texts() -> list[Hostile]:
    """Every refusal at least once."""
    found = [
        *_unsupported(),
        *_of_the_head(),
        *_of_children(),
        *_of_numbers(),
        *_of_lengths(),
        *_of_categories(),
        *_of_the_whole(),
    ]
    return [Hostile(name=name, text=text, said=said) for name, text, said in found]


Named = Iterator[tuple[str, str, str]]


def _unsupported() -> Named:
    linear = {"is_linear": "1", "leaf_const": "0 0 0", "num_features": "0 0 0", "leaf_features": "", "leaf_coeff": ""}
    yield "linear trees", tree_with(**linear), UNSUPPORTED.format("tree 0 has linear leaves")
    yield "zero as missing", tree_with(decision_type="6 2"), UNSUPPORTED.format("tree 0 reads zero as missing")
    forest = GOOD.replace("\nfeature_names", "\naverage_output\nfeature_names")
    yield "random forest", forest, UNSUPPORTED.format("its trees are averaged, as in a random forest")
    classes = "it has more than one class or more than one tree an iteration"
    yield "three classes", model_text(NUMERICAL, num_class="3"), UNSUPPORTED.format(classes)
    yield "trees an iteration", model_text(NUMERICAL, num_tree_per_iteration="3"), UNSUPPORTED.format(classes)
    for objective in ("regression", "cross_entropy", "multiclass num_class:3", "", "binary_sigmoid:1"):
        said = UNSUPPORTED.format("its objective is not binary")
        yield f"objective {objective}", model_text(NUMERICAL, objective=objective), said
    for objective in ("binary", "binary sigmoid:2", "binary sigmoid:1 sigmoid:2"):
        yield objective, model_text(NUMERICAL, objective=objective), UNSUPPORTED.format("its sigmoid is not 1")
    yield "version 3", model_text(NUMERICAL, version="v3"), UNSUPPORTED.format("it was not written by LightGBM 4")
    yield "depth 7", model_text(chain(7)), UNSUPPORTED.format("tree 0 is deeper than 6")
    yield "deep chain", model_text(chain(63)), UNSUPPORTED.format("tree 0 is deeper than 6")
    for leaves in (65, 20_001):
        said = UNSUPPORTED.format(f"tree 0 has {leaves} leaves, so it is deeper than 6")
        yield f"chain of {leaves}", model_text(chain(leaves - 1)), said
    said = UNSUPPORTED.format("tree 0 has 2000000000 leaves, so it is deeper than 6")
    yield "huge num_leaves", tree_with(num_leaves="2000000000"), said


def _of_the_head() -> Named:
    for key in ("version", "num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "feature_names"):
        yield f"head without {key}", model_text(NUMERICAL, **{key: None}), DAMAGED.format(f"its head lacks {key}")
    for idx in ("1", "99999999", "-1", "x"):
        said = DAMAGED.format("the number of its features and max_feature_idx differ")
        yield f"max_feature_idx {idx}", model_text(NUMERICAL, max_feature_idx=idx), said
    for names in ("missed missed college", "missed  college"):
        said = DAMAGED.format("a feature's name is empty or stands twice")
        yield f"names {names}", model_text(NUMERICAL, feature_names=names), said
    many = " ".join(f"f{number}" for number in range(10_001))
    said = DAMAGED.format("it has more than 10,000 features")
    yield "many features", model_text(NUMERICAL, feature_names=many, max_feature_idx="10000"), said
    twice = GOOD.replace("num_class=1\n", "num_class=1\nnum_class=3\n", 1)
    yield "head says it twice", twice, DAMAGED.format("its head says 'num_class' twice")
    keyless = GOOD.replace("num_class=1\n", "num_class=1\nnothing\n", 1)
    yield "head without a key", keyless, DAMAGED.format("its head has a line without a key")
    long = GOOD.replace("num_class=1\n", "num_class=1\n" + "a=1\n" * 1_000_000, 1)
    yield "head of a million lines", long, DAMAGED.format("its head has more than 40 lines")
    for name, text in {"empty": "", "rubbish": "\x00\x01tree\n", "another file": "treelite\n" + GOOD}.items():
        yield name, text, DAMAGED.format("it does not begin as a LightGBM text")


def _of_children() -> Named:
    outside = DAMAGED.format("tree 0 has a number in {} that is not between -3 and 1")
    for child in ("99999", "2", "-4", "2147483648", "-9223372036854775808"):
        said = outside.format("left_child")
        if len(child) > 19:  # more digits than a 64-bit number has
            said = DAMAGED.format("tree 0 has something else than whole numbers in left_child")
        yield f"left child {child}", tree_with(left_child=f"1 {child}"), said
    yield "right child 99999", tree_with(right_child="-2 99999"), outside.format("right_child")
    wrong = {
        "cycle": {"left_child": "1 0", "right_child": "-2 -3"},
        "its own child": {"left_child": "0 -1", "right_child": "-2 -3"},
        "a leaf twice": {"left_child": "1 -1", "right_child": "-1 -3", "internal_count": "90 50"},
        "a split twice": {"left_child": "1 -1", "right_child": "1 -3"},
        "nodes out of reach": {"left_child": "-1 -1", "right_child": "-2 -3", "internal_count": "90 50"},
        "two loops apart": {"left_child": "-1 1", "right_child": "-2 1", "internal_count": "90 50"},
    }
    said_of = {"nodes out of reach": "tree 0 has nodes that cannot be reached"}
    said_of |= {"two loops apart": said_of["nodes out of reach"]}
    adds = {"cycle", "its own child"}
    for name, changed in wrong.items():
        said = said_of.get(
            name, "tree 0 has counts that do not add up" if name in adds else "tree 0 reaches a node twice"
        )
        yield name, tree_with(**changed), DAMAGED.format(said)
    # With counts that fit, the cycle itself is what is refused.
    cycle = {"left_child": "1 0", "right_child": "-2 -3", "leaf_count": "40 0 0", "internal_count": "50 50"}
    said = DAMAGED.format("tree 0 has a number in leaf_count that is not between 1 and 2147483647")
    yield "cycle with counts", tree_with(**cycle), said


def _of_numbers() -> Named:
    said = DAMAGED.format("tree 0 has a number in split_feature that is not between 0 and 2")
    for feature in ("50000000", "3", "-1"):
        yield f"feature {feature}", tree_with(split_feature=f"0 {feature}"), said
    for leaf in ("nan", "inf", "-inf", "1_0", "0x10", "1,5", "\u0661", "1e", ".", "--1", "None"):
        said = DAMAGED.format("tree 0 has something else than numbers in leaf_value")
        yield f"leaf {leaf}", tree_with(leaf_value=f"-2 1 {leaf}"), said
    for leaf in ("1e999", "-1e309"):
        said = DAMAGED.format("tree 0 has a number in leaf_value that is too large")
        yield f"leaf {leaf}", tree_with(leaf_value=f"-2 1 {leaf}"), said
    for leaf in ("1e308", "-10001"):
        yield (
            f"leaf {leaf}",
            tree_with(leaf_value=f"-2 1 {leaf}"),
            DAMAGED.format("tree 0 has a leaf beyond 10,000 log-odds"),
        )
    for threshold in ("nan", "-inf", "Infinity"):
        said = DAMAGED.format("tree 0 has something else than numbers in threshold")
        yield f"threshold {threshold}", tree_with(threshold=f"0 {threshold}"), said
    said = DAMAGED.format("tree 0 has a number in threshold that is too large")
    yield "threshold 1e999", tree_with(threshold="0 1e999"), said
    said = DAMAGED.format("tree 0 has a number in leaf_count that is not between 1 and 2147483647")
    for count in ("-10", "0", "2147483648"):
        yield f"count {count}", tree_with(leaf_count=f"40 50 {count}"), said
    yield "count of a split", tree_with(internal_count="100 51"), DAMAGED.format("tree 0 has counts that do not add up")
    said = DAMAGED.format("tree 0 has a number in decision_type that is not between 0 and 15")
    for kind in ("16", "-1", "255"):
        yield f"decision {kind}", tree_with(decision_type=f"2 {kind}"), said


def _of_lengths() -> Named:
    for key in NUMERICAL:
        if key not in ("num_leaves", "num_cat", "split_gain", "leaf_weight", "internal_value", "internal_weight", "is_linear", "shrinkage"):  # fmt: skip
            few = str(NUMERICAL[key]).rsplit(" ", 1)[0]
            count = 3 if key.startswith("leaf") else 2
            yield f"few {key}", tree_with(**{key: few}), DAMAGED.format(f"tree 0 has not {count} numbers in {key}")
            many = f"{NUMERICAL[key]} 1" + " 1" * 100_000
            yield f"many {key}", tree_with(**{key: many}), DAMAGED.format(f"tree 0 has not {count} numbers in {key}")
        if key not in ("split_gain", "leaf_weight", "internal_value", "internal_weight", "shrinkage"):
            yield f"without {key}", tree_with(**{key: None}), DAMAGED.format(f"tree 0 lacks {key}")
    for leaves in ("0", "-5"):
        said = DAMAGED.format("tree 0 has a number in num_leaves that is not between 1 and 2147483648")
        yield f"leaves {leaves}", tree_with(num_leaves=leaves), said
    yield "leaves 4", tree_with(num_leaves="4"), DAMAGED.format("tree 0 has not 3 numbers in decision_type")
    padded = "0" * 1_000_000 + "1"
    yield "long number", tree_with(num_leaves=padded), DAMAGED.format("tree 0 has not 1 numbers in num_leaves")


def _of_categories() -> Named:
    sets = "tree 0 has sets of categories that overlap, are empty or hold codes above 65,535"
    for bounds in ("0 2 1", "0 0 3", "1 2 3", "0 3 3", "0 1 2050"):
        yield f"bounds {bounds}", tree_with(CATEGORICAL, cat_boundaries=bounds), DAMAGED.format(sets)
    said = "tree 0 has a number in cat_boundaries that is not between 0 and 4096"
    yield "bound 99999999", tree_with(CATEGORICAL, cat_boundaries="0 1 99999999"), DAMAGED.format(said)
    yield "bound -1", tree_with(CATEGORICAL, cat_boundaries="0 -1 3"), DAMAGED.format(said)
    said = "tree 0 has not 4 numbers in cat_threshold"
    yield "words too few", tree_with(CATEGORICAL, cat_boundaries="0 1 4"), DAMAGED.format(said)
    for word in ("4294967296", "-1"):
        said = "tree 0 has a number in cat_threshold that is not between 0 and 4294967295"
        yield f"word {word}", tree_with(CATEGORICAL, cat_threshold=f"6 2 {word}"), DAMAGED.format(said)
    said = "tree 0 has a categorical split whose set of categories is not there or stands twice"
    for place in ("99999", "-1", "0.5", "0"):
        yield f"set {place}", tree_with(CATEGORICAL, threshold=f"0 {place}"), DAMAGED.format(said)
    for count in ("1", "99999999"):
        said = f"tree 0 has {count} sets of categories for 2 categorical splits"
        yield f"num_cat {count}", tree_with(CATEGORICAL, num_cat=count), DAMAGED.format(said)
    said = "tree 0 has 0 sets of categories for 1 categorical splits"
    yield "category without sets", tree_with(decision_type="9 2"), DAMAGED.format(said)
    for key in ("cat_boundaries", "cat_threshold"):
        yield f"without {key}", tree_with(CATEGORICAL, **{key: None}), DAMAGED.format(f"tree 0 lacks {key}")
    mixed = model_text(NUMERICAL, {**CATEGORICAL, "split_feature": "2 1"})
    yield "both kinds", mixed, DAMAGED.format("feature 'grade' is split as a category and as a number")


def _of_the_whole() -> Named:
    cut = DAMAGED.format("the line 'end of trees' is missing, so it was cut off")
    end = GOOD.index("end of trees")
    for section in ("Tree=1", "cat_boundaries", "Tree=2", "end of trees"):
        yield f"cut before {section}", GOOD[: GOOD.index(section)], cut
    yield "cut in the last line", GOOD[: end + 8], cut
    yield "a longer last line", GOOD.replace("end of trees", "end of treesome"), cut
    yield "no tree", model_text(), DAMAGED.format("it has no tree")
    for name, old, new in (
        ("twice", "Tree=1", "Tree=0"),
        ("skipped", "Tree=1\n", "Tree=5\n"),
        ("odd", "Tree=0", "Tree=00"),
    ):
        number = 0 if name == "odd" else 1
        yield f"header {name}", GOOD.replace(old, new), DAMAGED.format(f"tree {number} is missing or stands twice")
    keys = GOOD.replace("leaf_value=", "leafvalue=", 1)
    yield "shifted key", keys, DAMAGED.format("tree 0 has the unknown key 'leafvalue'")
    said = DAMAGED.format("tree 0 says 'threshold' twice")
    yield "key twice", GOOD.replace("threshold=", "threshold=0 0\nthreshold=", 1), said
    lines = GOOD.replace("num_leaves=3\n", "num_leaves=3\n" + "\n" * 1_000_000, 1)
    yield "a million lines", lines, DAMAGED.format("tree 0 has more than 40 lines")
    yield "many trees", model_text(*[STUMP] * 5_001), DAMAGED.format("it has more than 5,000 trees")
    headers = GOOD.replace("Tree=0", "Tree=0\n" * 1_000_000, 1)
    yield "a million headers", headers, DAMAGED.format("it has more than 5,000 trees")
    yield "too long", GOOD + " " * (32 * 2**20), DAMAGED.format("it has more than 33,554,432 characters")


# Mutations

ODD = (
    "-1", "0", "1", "2", "3", "6", "15", "63", "64", "99999", "50000000", "2147483647", "4294967295", "4294967296",
    "9223372036854775808", "-2147483648", "0.5", "-0", "1e-320", "1e300", "1e308", "-1e308", "nan", "inf", "-inf", "", " ",
    "0x10", "1_0", "\u0661", "9" * 5000,
)  # fmt: skip


def mutated_text(seed: int, text: str) -> bytes:
    """The text with one to four numbers, bytes or lines changed, moved, doubled or lost."""
    chance = random.Random(seed)
    changed = text
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        changed = chance.choice((_number, _number, _number, _line, _cut))(chance, changed)
    content = changed.encode()
    return mutated_bytes(chance, content) if chance.random() < 0.3 else content


def mutated_bytes(chance: random.Random, content: bytes) -> bytes:
    """One to eight bytes flipped, put in or taken out; now and then the end is lost."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place] = chance.randrange(256)
            case 2:
                changed.insert(place, chance.randrange(256))
            case _:
                del changed[place]
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.05 else changed)


def _number(chance: random.Random, text: str) -> str:
    """One number of one line replaced."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    key, sign, value = lines[at].partition("=")
    words = value.split(" ")
    words[chance.randrange(len(words))] = chance.choice((*ODD, chance.choice(words)))
    lines[at] = key + sign + " ".join(words)
    return "\n".join(lines)


def _line(chance: random.Random, text: str) -> str:
    """One line lost, doubled or exchanged with another."""
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case _:
            lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _cut(chance: random.Random, text: str) -> str:
    """The end lost, or a part in the middle."""
    start, end = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
    return text[:start] + (text[end:] if chance.random() < 0.8 else "") if text else "tree"
