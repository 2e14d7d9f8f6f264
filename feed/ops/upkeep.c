#include "feed/ops/upkeep.h"

#include <malloc.h>

#include "feed/io/resources.h"

static void
clean_up(void *context, const struct ops_note *note)
{
	struct ops_order order = {.kind = OPS_SOCKETS};
	struct resources resources;

	if (note->value[0] != 0)
		malloc_trim(0);
	resources_init(&resources);
	resources_count_sockets(&resources);
	order.value[0] = resources.figures.sockets;
	(void)ops_order(context, &order); /* full: the next count will do */
}

void
upkeep_open(struct ops *ops)
{
	ops_receive(ops, OPS_UPKEEP, clean_up, ops);
}
