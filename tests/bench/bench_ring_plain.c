/*
 * The plain alternatives to the ring alone (plain.h); bench_ring has them in
 * its table. Usage: bench_ring_plain [RUNS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/plain.h"

#define ARENA_BYTES (24u << 20)

int
main(int argc, char **argv)
{
	static struct figure figure[PLAIN_FIGURES];
	static struct pair pair;
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;

	plain_figures_init(figure);
	if (pair_init(&pair, ARENA_BYTES) != 0)
		return 1;
	for (unsigned long i = 0; i < runs; i++)
		plain_figures_run(&pair, figure, 80);
	figures_print("ns, all bands", figure, PLAIN_FIGURES);
	figures_print_bands(figure, PLAIN_FIGURES);
	return 0;
}
