// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// Constants and calls that the Swift importer cannot see: macros, ioctl numbers, `_GNU_SOURCE` names. No logic.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <malloc.h>
#include <scsi/sg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>

static const int CLinux_O_DIRECT = O_DIRECT;
static const int CLinux_O_DSYNC = O_DSYNC;
static const int CLinux_SEEK_DATA = SEEK_DATA;
static const int CLinux_SEEK_HOLE = SEEK_HOLE;
static const int CLinux_FALLOC_FL_KEEP_SIZE = FALLOC_FL_KEEP_SIZE;
static const int CLinux_FALLOC_FL_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE;
static const int CLinux_FALLOC_FL_ZERO_RANGE = FALLOC_FL_ZERO_RANGE;

// linux/fs.h: BLKGETSIZE64, BLKSSZGET, BLKPBSZGET, BLKROGET, BLKZEROOUT.
static inline int CLinux_BLKGETSIZE64(int fd, unsigned long long *bytes) { return ioctl(fd, BLKGETSIZE64, bytes); }
static inline int CLinux_BLKSSZGET(int fd, int *bytes) { return ioctl(fd, BLKSSZGET, bytes); }
static inline int CLinux_BLKPBSZGET(int fd, unsigned int *bytes) { return ioctl(fd, BLKPBSZGET, bytes); }
static inline int CLinux_BLKROGET(int fd, int *readOnly) { return ioctl(fd, BLKROGET, readOnly); }
static inline int CLinux_BLKZEROOUT(int fd, unsigned long long range[2]) { return ioctl(fd, BLKZEROOUT, range); }
// man 2 statx: STATX_DIOALIGN, since Linux 6.1.
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000U
#endif
static inline int CLinux_statx(int fd, unsigned int mask, struct statx *status) {
    return statx(fd, "", AT_EMPTY_PATH, mask, status);
}
static const unsigned int CLinux_STATX_DIOALIGN = STATX_DIOALIGN;
static inline unsigned int CLinux_dioMemoryAlignment(const struct statx *status) { return status->stx_dio_mem_align; }
static inline unsigned int CLinux_dioOffsetAlignment(const struct statx *status) {
    return status->stx_dio_offset_align;
}
static inline int CLinux_fallocate(int fd, int mode, long long offset, long long length) {
    return fallocate(fd, mode, offset, length);
}

// malloc.h: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX.
static inline int CLinux_setMapThreshold(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }
static inline int CLinux_setTrimThreshold(int bytes) { return mallopt(M_TRIM_THRESHOLD, bytes); }
static inline int CLinux_setArenas(int count) { return mallopt(M_ARENA_MAX, count); }

// sys/prctl.h: PR_SET_NAME, the calling thread's name as `top -H` shows it.
static inline int CLinux_nameThread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// scsi/sg.h: SG_IO, one SCSI command through the kernel; SG_DXFER_FROM_DEV, its data come from the device.
static const int CLinux_SG_DXFER_FROM_DEV = SG_DXFER_FROM_DEV;
static inline int CLinux_SG_IO(int fd, sg_io_hdr_t *header) { return ioctl(fd, SG_IO, header); }

// sys/eventfd.h: a counter that one thread reads and another writes.
static inline int CLinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// sys/timex.h: STA_UNSYNC, and the state of the kernel's clock.
static const int CLinux_STA_UNSYNC = STA_UNSYNC;
static inline int CLinux_adjtimex(struct timex *state) { return adjtimex(state); }
