"""Policy as a filter inside the index, built from expressions: no text of a card or a person becomes SQL.

What no policy can allow (`rows.usable`) has no shelf.  Family and rating are one word
of one column: its bitmaps answer in half the time that three columns took (measured;
each of the six questions of a recall pays it).
"""

from functools import reduce

from lancedb.expr import Expr, col, lit

from stylus_engine.model import Query
from stylus_engine.retrieval.rows import RATINGS, shelf_of


def allowed(query: Query) -> Expr:
    """Who may answer `query` at all."""
    mild = RATINGS[: RATINGS.index(query.policy.most_rating) + 1]
    clauses = [among("shelf", tuple(shelf_of(query.family, rating) for rating in mild))]
    if query.policy.commercial_only:
        clauses.append(col("commercial") == lit(True))
    if query.banned:
        clauses.append(~among("card_id", query.banned))
    return reduce(lambda one, other: one & other, clauses)


def among(column: str, values: tuple[str, ...]) -> Expr:
    """Whether the column holds one of `values`, of which there must be some."""
    return col(column).isin([lit(value) for value in values])
