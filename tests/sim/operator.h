/*
 * What people do to the feed while it runs: streams are dropped and added,
 * limits changed, as by a reload; the feed is started anew.
 */
#ifndef TESTS_SIM_OPERATOR_H
#define TESTS_SIM_OPERATOR_H

/* A reload that changes one thing. */
void operator_change(void);

/* The feed ends and is started again at once, with all streams. Not when a message is owed. */
void operator_restart(void);

#endif
