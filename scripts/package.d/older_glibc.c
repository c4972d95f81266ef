// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// glibc 2.35 has new versions of hypot and hypotf, which differ from the older ones only in how they report overflow to
// programs with an error handler of SVID (glibc's NEWS for 2.35). The linker takes the newest version that it finds; with
// --wrap it takes these, which name the one that Enterprise Linux 9 has.

#if defined(__x86_64__)
#define OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#else
#error "Which version of glibc is the first for this processor?"
#endif

double older_hypot(double x, double y);
float older_hypotf(float x, float y);
__asm__(".symver older_hypot,hypot@" OLDEST);
__asm__(".symver older_hypotf,hypotf@" OLDEST);

double __wrap_hypot(double x, double y);
float __wrap_hypotf(float x, float y);

double __wrap_hypot(double x, double y) { return older_hypot(x, y); }
float __wrap_hypotf(float x, float y) { return older_hypotf(x, y); }
