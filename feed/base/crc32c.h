/*
 * CRC-32C (Castagnoli), the checksum of iSCSI, ext4 and SCTP (RFC 3720
 * appendix B.4). Pure. With SSE4.2 (x86) or the CRC extension (Arm) it takes
 * the processor's instruction, else a table; both give the same.
 */
#ifndef FEED_BASE_CRC32C_H
#define FEED_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of what `crc` is the checksum of, followed by n bytes at p;
 * begin with 0. Any thread.
 */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* The same by table, whatever the processor can. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n);

#endif
