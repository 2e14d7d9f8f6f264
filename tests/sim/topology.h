/* What a seed's feed and exchange are made of. */
#ifndef TESTS_SIM_TOPOLOGY_H
#define TESTS_SIM_TOPOLOGY_H

/* Fills the topology of the simulation, at random. */
void topology_build(void);

/* The least that max_streams_per_connection may be. */
unsigned topology_streams_min(void);

#endif
