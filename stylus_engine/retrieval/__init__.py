"""Finds adapters for the parts of a prompt.

    follow: changes of cards -> rows, vectors, indices      (one process at a time)
    view -> dense + words -> fused -> candidates            (any number)

Law of this room: policy is part of the question, never a filter on the answer;
an index holds vectors of one embedding space and says which; one process writes,
any number read, and each reads one version.  The rows and the number they reached
are one thing, so a kill, a snapshot or a rollback leaves both as they belong.

LanceDB is known to `home`, `index`, `building`, `snapshots` and `where`; each embedder's
and each reranker's library to its own file: torch to `embedder`, openai to `remote` and
`rerank_server`, sentence-transformers to `named` and `crossing`; so nothing is imported here.
"""
