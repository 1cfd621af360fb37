"""What `benchmarks.bot_load` is made of: a town of people, a witness of what they saw, and sums.

Law of this room: the bot and the playground are processes and are asked over sockets;
times are the playground's, fairness is read from the bot's own book when all is over.
"""
