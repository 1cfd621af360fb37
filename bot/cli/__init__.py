"""The `stylus` command line: one file per command family.

Law of this room: a command reads its words, asks the engine, shows the answer;
it decides nothing about adapters or pictures.  stdout is for answers, stderr for
progress and refusals; with `--json` stdout holds one JSON value and nothing else.
Commands get the engine handed in (`Desk`); they never import what it is made of.
"""
