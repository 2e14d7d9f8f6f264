#!/bin/sh
# tests/tape.sh at a size for every day: both writers, both transports; with two
# legs, where the passing of time decides what is held and what is missing; and
# with what REST brings, where instruments halt, vanish from the list and return.
set -u

export TAPE_ANY_RATE=1 TAPE_RATE=20000
TAPE_MESSAGES=60000 tests/tape.sh || exit 1
TAPE_MESSAGES=40000 TAPE_LEGS=2 tests/tape.sh || exit 1
TAPE_MESSAGES=80000 TAPE_REST=1 tests/tape.sh || exit 1
TAPE_MESSAGES=20000 TAPE_TRANSPORT=lws TAPE_WRITER=thread exec tests/tape.sh
