/*
 * For readers that live in the writer's own process and look at little of a
 * segment: what was mapped ahead is let go. Pages come back one by one as they
 * are touched, so the process does not count all of a segment twice as
 * resident. Not part of the library's interface.
 */
#ifndef SHM_UNLOAD_H
#define SHM_UNLOAD_H

#include <tickring/board.h>
#include <tickring/reader.h>

void reader_unload(struct tick_reader *reader);
void board_unload(struct tick_board *board);

#endif
