#include "feed/ops/alarm_impl.h"

bool
alarm_queue_put(struct alarm_queue *queue, const struct alarm_item *item, bool first_stays)
{
	bool full = queue->n == ALARM_QUEUE_MAX;
	unsigned next;

	if (full) {
		next = (queue->first + 1) % ALARM_QUEUE_MAX;
		if (first_stays)
			queue->item[next] = queue->item[queue->first];
		queue->first = next;
		queue->n--;
	}
	queue->item[(queue->first + queue->n) % ALARM_QUEUE_MAX] = *item;
	queue->n++;
	return full;
}

void
alarm_queue_drop(struct alarm_queue *queue)
{
	queue->first = (queue->first + 1) % ALARM_QUEUE_MAX;
	queue->n--;
}
