// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// For User Mode Linux 6.1 on processors whose extended state is larger than the 2,696 bytes that it was built for (AMX).
// It hands the host's kernel that many bytes through ptrace(PTRACE_SETREGSET, …, NT_X86_XSTATE), which wants all of them
// and answers EFAULT. Preloaded into it, this fills up the rest with zeroes, which is the initial state of what it does
// not know, and says so in the header. Source: man 2 ptrace; Intel SDM volume 1, 13.4.2 "XSAVE Header".

#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    registers_xstate = 0x202, // NT_X86_XSTATE
    header_offset = 512,      // XSTATE_BV, the first eight bytes of the header
    largest_state = 1 << 16,
};

static const uint64_t tile_components = UINT64_C(3) << 17; // XTILECFG and XTILEDATA

// What XSAVE takes for all that the host's kernel has switched on: CPUID 0x0d, subleaf 0, EBX.
static size_t state_size(void)
{
    unsigned eax, ebx, ecx, edx;
    __cpuid_count(0x0d, 0, eax, ebx, ecx, edx);
    return ebx;
}

static long system_call(long request, long process, long address, void *data)
{
    return syscall(SYS_ptrace, request, process, address, data);
}

static long set_state(long process, const struct iovec *given)
{
    static __thread unsigned char state[largest_state] __attribute__((aligned(64)));
    size_t size = state_size();
    if (given->iov_len >= size || size > sizeof state)
        return system_call(PTRACE_SETREGSET, process, registers_xstate, (void *)given);
    memset(state, 0, size);
    memcpy(state, given->iov_base, given->iov_len);
    uint64_t present;
    memcpy(&present, state + header_offset, sizeof present);
    present &= ~tile_components;
    memcpy(state + header_offset, &present, sizeof present);
    struct iovec whole = {state, size};
    return system_call(PTRACE_SETREGSET, process, registers_xstate, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    long process = va_arg(arguments, pid_t);
    long address = (long)va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);
    // The C library's three peeks return what they read, and the system call stores it.
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        long word;
        if (system_call(request, process, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    }
    if (request == PTRACE_SETREGSET && address == registers_xstate && data)
        return set_state(process, data);
    return system_call(request, process, address, data);
}
