/*
 * The kernel's time of receipt through io_uring: a multishot recvmsg() puts a
 * header and the control message of SO_TIMESTAMPNS in front of the bytes. Of a
 * receive that took several segments it is the last one's. Feed thread.
 */
#ifndef FEED_IO_URING_STAMP_H
#define FEED_IO_URING_STAMP_H

#include <liburing.h>
#include <sys/socket.h>

#include "feed/base/bytes.h"
#include "feed/io/transport.h"

/*
 * Asks for stamps on a socket and fills *shape, which says how such a receive
 * is laid out. Without the stamps it works all the same.
 */
void uring_stamp_ask(int fd, struct msghdr *shape);

/*
 * What was received: `n` bytes of a buffer. Returns the bytes of the stream in
 * it, none at its end; puts the kernel's stamp into *stamps, where there is one
 * (the first segments after the first such socket of a machine have none).
 */
struct bytes uring_stamp_take(char *buffer, int n, struct msghdr *shape,
    struct transport_stamps *stamps);

#endif
