"""The smallest model: one tree that asks one question of the real catalogue."""

from features.catalogue import CATALOGUE
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, RiskModel, model_of

_TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={last}
objective=binary sigmoid:1
feature_names={names}
feature_infos={ranges}

Tree=0
num_leaves=2
num_cat=0
split_feature={column}
split_gain=1
threshold={above}
decision_type=2
left_child=-1
right_child=-2
leaf_value=-2 1
leaf_weight=50 50
leaf_count=50 50
internal_value=-0.5
internal_weight=100
internal_count=100
is_linear=0
shrinkage=1


end of trees

feature_importances:
{feature}=1

parameters:
end of parameters

pandas_categorical:null
"""


def one_split(feature: str, *, above: float, calibration: Calibration | None = None) -> RiskModel:
    """Students whose `feature` lies above the bound have three log-odds more than the others."""
    names = [one.name for one in CATALOGUE]
    text = _TEXT.format(
        last=len(names) - 1, names=" ".join(names), ranges=" ".join("[-1000000:1000000]" for _ in names),
        feature=feature, column=names.index(feature), above=above,
    )  # fmt: skip
    return model_of(text, CATALOGUE, LIST_HORIZON, calibration or Calibration())
