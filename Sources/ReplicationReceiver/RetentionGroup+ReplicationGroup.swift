// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionStore

extension RetentionGroup: ReplicationGroup {}
