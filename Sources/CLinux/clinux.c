// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>

const int CLinux_O_DIRECT = O_DIRECT;
const int CLinux_SEEK_DATA = SEEK_DATA;
const int CLinux_SEEK_HOLE = SEEK_HOLE;
const int CLinux_FALLOC_FL_KEEP_SIZE = FALLOC_FL_KEEP_SIZE;
const int CLinux_FALLOC_FL_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE;
int CLinux_fallocate(int fd, int mode, long long offset, long long length) {
    return fallocate(fd, mode, offset, length);
}

int CLinux_BLKGETSIZE64(int fd, unsigned long long *bytes) { return ioctl(fd, BLKGETSIZE64, bytes); }
int CLinux_BLKSSZGET(int fd, int *bytes) { return ioctl(fd, BLKSSZGET, bytes); }
int CLinux_BLKZEROOUT(int fd, unsigned long long range[2]) { return ioctl(fd, BLKZEROOUT, range); }

int CLinux_directAlignment(int fd, unsigned int *memory, unsigned int *offset) {
#ifdef STATX_DIOALIGN
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0) return -1;
    if ((status.stx_mask & STATX_DIOALIGN) != 0) {
        *memory = status.stx_dio_mem_align;
        *offset = status.stx_dio_offset_align;
        return 0;
    }
#else
    (void)fd, (void)memory, (void)offset;
#endif
    errno = EOPNOTSUPP;
    return -1;
}

unsigned int CLinux_major(unsigned long long device) { return major(device); }
unsigned int CLinux_minor(unsigned long long device) { return minor(device); }

int CLinux_setMapThreshold(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }
int CLinux_setTrimThreshold(int bytes) { return mallopt(M_TRIM_THRESHOLD, bytes); }
int CLinux_setArenas(int count) { return mallopt(M_ARENA_MAX, count); }

int CLinux_nameThread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

const int CLinux_SG_DXFER_FROM_DEV = SG_DXFER_FROM_DEV;
int CLinux_SG_IO(int fd, sg_io_hdr_t *header) { return ioctl(fd, SG_IO, header); }

int CLinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int CLinux_readClock(bool *isSynchronized, long *largestError) {
    struct timex state = {.modes = 0};
    if (adjtimex(&state) < 0) return -1;
    *isSynchronized = (state.status & STA_UNSYNC) == 0;
    *largestError = state.maxerror;
    return 0;
}
