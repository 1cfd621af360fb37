"""What an adapter file is, told by its header alone.

    bytes -> Header -> Keys -> kind, layout, family, rank … -> Probed

Law of this room: the first 8 bytes and the JSON after them are all that a probe reads,
and they are judged by their numbers before any of them is believed.  Nothing here
loads a weight; `finite`, which looks through the numbers of a file that is taken in,
sees them as bits.  Whatever the bytes are, the answer is a `Probed` or a `BadAdapter`.
Metadata is the trainer's word: it names and describes, but decides a family only where
the keys leave it open.
"""

from stylus_engine.catalog.probe.comparing import compare
from stylus_engine.catalog.probe.header import Header, needed, read_header
from stylus_engine.catalog.probe.numbers import finite
from stylus_engine.catalog.probe.probing import judged, probe, probe_header

__all__ = [
    "Header",
    "compare",
    "finite",
    "judged",
    "needed",
    "probe",
    "probe_header",
    "read_header",
]
