#include "feed/core/trace_book.h"

void
trace_books_init(struct trace_books *books, struct trace *trace, struct trace_open *memory,
    uint32_t n)
{
	*books = (struct trace_books){trace, memory, n};
}

struct trace_open
trace_book_wanted(struct trace_books *books, uint32_t instrument, mono_t now)
{
	struct trace_open *open;

	if (instrument >= books->n)
		return (struct trace_open){0};
	open = &books->open[instrument];
	if (open->id == 0)
		*open = (struct trace_open){
			++books->trace->traces, ++books->trace->spans, 0, now};
	return *open;
}

void
trace_book_gone(struct trace_books *books, uint32_t instrument)
{
	if (instrument < books->n)
		books->open[instrument].id = 0;
}

void
trace_book_joined(struct trace_books *books, uint32_t instrument,
    const struct tick_instrument *entry, mono_t now)
{
	struct trace_span span;

	if (instrument >= books->n || books->open[instrument].id == 0)
		return;
	span = (struct trace_span){
		.kind = TRACE_RESYNC,
		.trace = books->open[instrument].trace,
		.id = books->open[instrument].id,
		.begin = books->open[instrument].begin,
		.end = now,
		.instrument = entry,
	};
	books->open[instrument].id = 0;
	books->trace->sink(books->trace->context, &span);
}
