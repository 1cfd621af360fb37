"""Policy as a filter inside the index, built from expressions: no text of a card or a person becomes SQL.

What no policy can allow is one column, `rows.usable`, decided when the row is written:
a filter of three columns is answered from their bitmaps.
"""

from functools import reduce

from lancedb.expr import Expr, col, lit

from stylus_engine.model import Query
from stylus_engine.retrieval.rows import RATINGS


def allowed(query: Query) -> Expr:
    """Who may answer `query` at all."""
    clauses = [
        col("usable") == lit(True),
        col("family") == lit(query.family),
        col("rating") <= lit(RATINGS.index(query.policy.most_rating)),
    ]
    if query.policy.commercial_only:
        clauses.append(col("commercial") == lit(True))
    if query.banned:
        clauses.append(~among("card_id", query.banned))
    return reduce(lambda one, other: one & other, clauses)


def among(column: str, values: tuple[str, ...]) -> Expr:
    """Whether the column holds one of `values`, of which there must be some."""
    return col(column).isin([lit(value) for value in values])
