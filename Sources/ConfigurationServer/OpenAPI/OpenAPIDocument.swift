// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// The interface as an OpenAPI document: what ``operations`` lists, with the schemas that its types have.
///
/// Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12.
package enum OpenAPIDocument {
    /// One method on one path.
    struct Operation: Sendable {
        let method: String
        /// As in ``ConfigurationPath``, with `{name}` for what varies.
        let path: String
        /// A name for programs that are made of the document.
        let id: String
        let summary: String
        /// Who may; empty for everybody.
        let roles: [HostRole]
        let request: (any (Decodable & SendableMetatype).Type)?
        let answer: any (Decodable & SendableMetatype).Type
        var query: [String] = []
    }

    /// The document, in UTF-8. The same for every server of a version.
    package static let json: [UInt8] = {
        do {
            return try JSON.encode(try document())
        } catch {
            // A type that tells nothing is our bug, and the tests read the whole document.
            preconditionFailure("a type of the interface has no schema: \(error)")
        }
    }()

    private static func document() throws -> JSONValue {
        var probe = SchemaProbe()
        var paths: [String: [String: JSONValue]] = [:]
        let failure = try probe.schema(of: ConfigurationFailure.self)
        for operation in operations {
            paths[operation.path, default: [:]][operation.method] = try describe(operation, failure, &probe)
        }
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "Master Target configuration server", "version": .string(ConfigurationPath.version),
                "description":
                    .string(
                        "HTTP/1.1 over TLS 1.3, one port. Within a version fields are only added; those that are not known "
                            + "are ignored."),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(probe.schemas),
                "securitySchemes": [
                    "certificate": [
                        "type": "mutualTLS",
                        "description": "A client certificate of this site; its role is the organizational unit.",
                    ]
                ],
            ],
        ]
    }

    private static func describe(
        _ operation: Operation, _ failure: JSONValue, _ probe: inout SchemaProbe
    ) throws -> JSONValue {
        func body(_ schema: JSONValue) -> JSONValue { ["application/json": ["schema": schema]] }
        let who =
            operation.roles.isEmpty
            ? "No certificate." : "Certificate: \(operation.roles.map(\.rawValue).joined(separator: ", "))."
        var object: [String: JSONValue] = [
            "operationId": .string(operation.id), "summary": .string(operation.summary), "description": .string(who),
            "security": operation.roles.isEmpty ? [] : [["certificate": []]],
            "responses": [
                "200": ["description": "Done.", "content": body(try probe.schema(of: operation.answer))],
                "default": ["description": "Why not: a code, a sentence and a remedy.", "content": body(failure)],
            ],
        ]
        if let request = operation.request {
            object["requestBody"] = ["required": true, "content": body(try probe.schema(of: request))]
        }
        let names = operation.path.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}").first }
        let parameters =
            names.map { name -> JSONValue in
                ["name": .string(String(name)), "in": "path", "required": true, "schema": ["type": "string"]]
            }
            + operation.query.map {
                ["name": .string($0), "in": "query", "required": false, "schema": ["type": "string"]]
            }
        if !parameters.isEmpty { object["parameters"] = .array(parameters) }
        return .object(object)
    }
}
