// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// What libFuzzer's runtime offers a program with a main of its own. Source: LLVM, FuzzerInterface.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*entry)(const uint8_t *data, size_t size));
