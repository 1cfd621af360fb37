"""The paper's tables on our own pictures, fairly: every arm has the same prompts, seeds, count and suffix.

    questions -> arms x guidance x seeds -> pictures (a journal) -> marks -> tables -> a report

Law of this room: it measures and changes nothing.  It is handed an engine, a judge, a
scorer and a feature network, and knows none of them: whatever a figure was measured with
is named beside the figure.  Pictures lie in the content store; the journal is the truth
about what was drawn, so a killed evaluation goes on where it was.  torch is loaded by
`distances` and `clip` alone; only `duels` knows openai.
"""
