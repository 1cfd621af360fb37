"""What is left behind where a letter had to be written anew."""

import logging

from bot.delivery.wire import Letter, Sent, Wire, WireError
from bot.jobs.nouns import Job

log = logging.getLogger(__name__)


async def tidied(wire: Wire[Letter], job: Job, sent: Sent) -> None:
    """Take the status away that no edit reached: it would say for ever that its job waits. Not tried again."""
    if job.private or job.message in {None, sent.message} or not job.origin.roads_beside_token:
        return
    try:
        await wire.delete(job.message_channel or job.origin.channel, job.message or 0)
    except WireError as said:
        log.info("job %s: its old status stays: %s", job.id, said)
