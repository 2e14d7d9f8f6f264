/* What a seed's feed and exchange are made of. */
#ifndef TESTS_SIM_TOPOLOGY_H
#define TESTS_SIM_TOPOLOGY_H

/* Fills the topology of the simulation, at random. */
void topology_build(void);

#endif
