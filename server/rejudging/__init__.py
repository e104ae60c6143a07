"""Judging again what hosts said of themselves: verdicts and score, from the facts that are stored.

once         one report held against the bytes of everything it names
outcomes     what came of it in the store, and what a false report takes back
worker       the process that judges, at the lowest priority
background   the service's thread that hands it what waits and stores what it answers
"""
