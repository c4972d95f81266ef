// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The version of the programs; the packages carry the same.
public enum ProductVersion {
    /// As `--version` prints it.
    public static let text = "0.1.0"
}
