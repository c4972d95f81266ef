// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import FoundationEssentials

/// JSON as the interface, the state folder and the inventory have it: keys in order, slashes as they are.
enum JSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` that tells the place and not the value.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw wrong(place(of: error))
        } catch {
            throw wrong("it is no JSON")
        }
    }

    private static func wrong(_ why: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .invalidRequest, "The request cannot be read: \(why).", remedy: "Install the same version on both.")
    }

    private static func place(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return path.isEmpty ? "the body" : path.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(path(context)) has no \(key.stringValue)"
        case .typeMismatch(_, let context): "\(path(context)) has a wrong type"
        case .valueNotFound(_, let context): "\(path(context)) is null"
        case .dataCorrupted(let context): "\(path(context)) is not what it should be"
        @unknown default: "it does not fit"
        }
    }
}
