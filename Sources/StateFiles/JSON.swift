// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials

/// JSON as the interfaces and the state folders have it: keys in order, slashes as they are.
public enum JSON {
    /// The JSON of a value, keys sorted.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// The value that some JSON stands for.
    ///
    /// - Throws: `DecodingError` for what does not fit.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
