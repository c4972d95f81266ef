// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import TestSupport
import Testing

/// The programs as they are shipped, run against each other. One at a time: they would take each other's processors.
@Suite(.serialized, .ownThread) struct EndToEndTests {}
