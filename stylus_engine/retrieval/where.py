"""Policy as a filter inside the index, built from expressions: no text of a card or a person becomes SQL.

Never candidates, whatever a policy says: real persons, minors, quarantined cards,
cards without a file (people may browse those, nobody can draw with them), and
kinds of file that no sampler of ours applies.
"""

from functools import reduce

from lancedb.expr import Expr, col, lit

from stylus_engine.model import Query
from stylus_engine.retrieval.rows import RATINGS

UNDRAWN_KINDS = ("embedding",)


def allowed(query: Query) -> Expr:
    """Who may answer `query` at all."""
    clauses = [
        col("family") == lit(query.family),
        col("rating") <= lit(RATINGS.index(query.policy.most_rating)),
        col("drawable") == lit(True),
        col("real_person") == lit(False),
        col("minor") == lit(False),
        col("health") != lit("quarantined"),
        ~among("kind", UNDRAWN_KINDS),
    ]
    if query.policy.commercial_only:
        clauses.append(col("commercial") == lit(True))
    if query.banned:
        clauses.append(~among("card_id", query.banned))
    return reduce(lambda one, other: one & other, clauses)


def among(column: str, values: tuple[str, ...]) -> Expr:
    """Whether the column holds one of `values`, of which there must be some."""
    return col(column).isin([lit(value) for value in values])
