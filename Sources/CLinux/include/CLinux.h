// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// Constants and calls that the Swift importer cannot see: macros, ioctl numbers, `_GNU_SOURCE` names. No logic.
//
// No feature macro here, and no header whose types depend on one: the importer would see two definitions of one type
// (`fd_set`, `struct statx`), this module's and Dispatch's, and refuse both. clinux.c has the system's headers.
#pragma once
#include <scsi/sg.h>
#include <stdbool.h>

// fcntl.h, unistd.h, linux/falloc.h.
extern const int CLinux_O_DIRECT;
extern const int CLinux_SEEK_DATA;
extern const int CLinux_SEEK_HOLE;
extern const int CLinux_FALLOC_FL_KEEP_SIZE;
extern const int CLinux_FALLOC_FL_PUNCH_HOLE;
int CLinux_fallocate(int fd, int mode, long long offset, long long length);

// linux/fs.h: ioctls of a block device.
int CLinux_BLKGETSIZE64(int fd, unsigned long long *bytes);
int CLinux_BLKSSZGET(int fd, int *bytes);
int CLinux_BLKZEROOUT(int fd, unsigned long long range[2]);

// man 2 statx: STATX_DIOALIGN, since Linux 6.1. Bytes, zero without direct I/O; -1 where the kernel cannot tell.
int CLinux_directAlignment(int fd, unsigned int *memory, unsigned int *offset);

// sys/sysmacros.h: the parts of a device's number.
unsigned int CLinux_major(unsigned long long device);
unsigned int CLinux_minor(unsigned long long device);

// malloc.h: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX.
int CLinux_setMapThreshold(int bytes);
int CLinux_setTrimThreshold(int bytes);
int CLinux_setArenas(int count);

// sys/prctl.h: PR_SET_NAME, the calling thread's name as `top -H` shows it.
int CLinux_nameThread(const char *name);

// scsi/sg.h: SG_IO, one SCSI command through the kernel; SG_DXFER_FROM_DEV, its data come from the device.
extern const int CLinux_SG_DXFER_FROM_DEV;
int CLinux_SG_IO(int fd, sg_io_hdr_t *header);

// sys/eventfd.h: a counter that one thread reads and another writes.
int CLinux_eventfd(void);

// sys/timex.h: whether a time service keeps the kernel's clock (not STA_UNSYNC), and the microseconds it may be wrong.
int CLinux_readClock(bool *isSynchronized, long *largestError);
