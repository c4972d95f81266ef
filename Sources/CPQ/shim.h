// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
#include <libpq-fe.h>
