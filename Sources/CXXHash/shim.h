// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// XXH3 from the header alone: the code is compiled in, so nothing links libxxhash at run time. The header renames its
// functions by macro when it is inlined, which the importer cannot follow: hence these two names.
#pragma once
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline unsigned long long CXXHash_XXH3_64bits(const void *bytes, size_t count, unsigned long long seed) {
    return XXH3_64bits_withSeed(bytes, count, seed);
}

typedef struct {
    unsigned long long low, high;
} CXXHash_128;

static inline CXXHash_128 CXXHash_XXH3_128bits(const void *bytes, size_t count, unsigned long long seed) {
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, count, seed);
    CXXHash_128 result = {hash.low64, hash.high64};
    return result;
}
