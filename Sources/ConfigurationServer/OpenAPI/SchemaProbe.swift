// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Finds out what a type's JSON is by decoding it from nothing and noting what it asks for: the document cannot say
/// anything else than what the server reads and writes.
///
/// Types whose strings or numbers have a form are named in ``known``; enumerations are taken by their cases.
struct SchemaProbe {
    /// The schemas of all types that were met, by name.
    private(set) var schemas: [String: JSONValue] = [:]

    /// The schema of a type; one with a name is put aside and referred to.
    ///
    /// - Throws: What the type throws when it is decoded from nothing: a type that needs to be ``known``.
    mutating func schema(of type: any Decodable.Type) throws -> JSONValue {
        let notes = SchemaNotes()
        _ = try ProbeDecoder(notes: notes).value(type)
        for (name, schema) in notes.schemas where schemas[name] == nil { schemas[name] = schema }
        return notes.last
    }

    /// Types with a form of their own, each with a value that stands for any.
    static func known(_ type: any Decodable.Type) -> (schema: JSONValue, value: Any)? {
        switch type {
        case is String.Type: (["type": "string"], "")
        case is Bool.Type: (["type": "boolean"], false)
        case is Int.Type: (["type": "integer"], 0)
        case is Int64.Type: (["type": "integer"], Int64(0))
        case is UInt64.Type: (["type": "integer", "minimum": 0], UInt64(0))
        case is UInt32.Type: (["type": "integer", "minimum": 0, "maximum": 4_294_967_295], UInt32(0))
        case is UInt16.Type: (["type": "integer", "minimum": 0, "maximum": 65535], UInt16(0))
        case is Double.Type: (["type": "number"], Double(0))
        case is ByteCount.Type: (["type": "integer", "minimum": 0, "description": "Bytes."], ByteCount.zero)
        case is DateTime.Type: (["type": "string", "format": "date-time"], DateTime(Timestamp(rawValue: 0)))
        case is HexBytes.Type: (["type": "string", "pattern": "^([0-9a-f]{2})*$"], HexBytes([]))
        case is PointReference.Type:
            (
                [
                    "type": "string",
                    "description":
                        .string(
                            "latest, latest-processed, latest-app-consistent, the label of a bookmark, an RFC 3339 time, or "
                                + "a sequence number."),
                ], PointReference.latest
            )
        default: nil
        }
    }
}

/// What decoding asked for.
final class SchemaNotes {
    var schemas: [String: JSONValue] = [:]
    /// The schema of what was decoded last.
    var last: JSONValue = [:]
}

extension ProbeDecoder {
    /// An enumeration's cases, if it is one with texts.
    static func cases(_ type: any Decodable.Type) -> (texts: [String], first: Any)? {
        func open<Value>(_ type: Value.Type) -> (texts: [String], first: Any)? where Value: CaseIterable {
            let texts = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
            guard let first = type.allCases.first, texts.count == type.allCases.count else { return nil }
            return (texts, first)
        }
        guard let type = type as? any CaseIterable.Type else { return nil }
        return open(type)
    }
}

/// Decodes from nothing.
struct ProbeDecoder: Decoder {
    let notes: SchemaNotes
    let object = ObjectNotes()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The members of the object that is being decoded.
    final class ObjectNotes {
        var members: [String: JSONValue] = [:]
        var required: [String] = []
        var element: JSONValue?
        var isDictionary = false
        var isObject = false
    }

    /// A value of a type, with its schema noted.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let (schema, value) = SchemaProbe.known(type), let value = value as? Value {
            notes.last = schema
            return value
        }
        if let (texts, first) = Self.cases(type), let value = first as? Value {
            notes.schemas[self.name(of: type)] = ["type": "string", "enum": .array(texts.map { .string($0) })]
            notes.last = ["$ref": .string("#/components/schemas/\(self.name(of: type))")]
            return value
        }
        let decoder = ProbeDecoder(notes: notes)
        let value = try Value(from: decoder)
        let object = decoder.object
        if let element = object.element {
            notes.last =
                object.isDictionary
                ? ["type": "object", "additionalProperties": element] : ["type": "array", "items": element]
        } else if object.isObject {
            notes.schemas[self.name(of: type)] = [
                "type": "object", "properties": .object(object.members),
                "required": .array(object.required.sorted().map { .string($0) }),
            ]
            notes.last = ["$ref": .string("#/components/schemas/\(self.name(of: type))")]
        }
        // Otherwise it is one value, and what that was is noted.
        return value
    }

    /// `SiteJobStep.State` is `SiteJobStepState`: the name of a component has no dots that tools trip over.
    private func name(of type: any Decodable.Type) -> String {
        String(reflecting: type).split(separator: ".").dropFirst().joined()
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        object.isObject = true
        return KeyedDecodingContainer(ProbeMembers<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { ProbeElements(decoder: self) }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { ProbeSingle(decoder: self) }
}
