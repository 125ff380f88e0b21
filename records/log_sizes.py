"""How many student numbers each institution of a log has, told by the ledger and the statistics of its files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from records.ledger import LogFile
from records.log_file import Ints, opened
from records.log_order import place_of
from records.tables import SAME_PERSON, TABLE_OF, Table
from records.vault_key import VaultKey


def sizes_of(folder: Path, files: Sequence[LogFile], institutions: Sequence[str], key: VaultKey | None) -> Ints:
    """One more than the largest number in the files of each institution; sealed files count where the key is given."""
    sizes = np.zeros(len(institutions), np.int64)
    for file in files:
        table = TABLE_OF[file.table]
        if not table.per_student or (table.sensitive and key is None):
            continue
        own = place_of(file, institutions)
        largest = file.largest_student
        if largest is None:
            with opened(folder, file.path, table, key) as parquet:
                largest = largest_student(parquet, table)
        sizes[own] = max(sizes[own], largest + 1)
    return sizes


def largest_student(file: pq.ParquetFile, table: Table) -> int:
    """The largest student number in a file of one institution, by the statistics of its row groups."""
    names = ("student", "same_as") if table is SAME_PERSON else ("student",)
    places = [file.schema_arrow.get_field_index(name) for name in names]
    told = [
        file.metadata.row_group(group).column(place).statistics
        for group in range(file.num_row_groups)
        for place in places
    ]
    return max((int(one.max_raw) for one in told if one is not None and one.has_min_max), default=-1)
