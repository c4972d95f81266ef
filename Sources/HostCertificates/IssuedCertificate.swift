// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Crypto
import FoundationEssentials
import LinuxSystem
import StoragePrimitives
import SwiftASN1
import X509

/// What a certificate says of its holder, as far as this product cares.
public struct IssuedCertificate: Hashable, Sendable, Codable {
    /// The common name: the host's id, or the authority's name.
    public let host: String
    /// The organizational unit; nil for an authority.
    public let role: HostRole?
    /// Whether it is an authority's.
    public let isAuthority: Bool
    /// The serial number in hexadecimal.
    public let serial: String
    /// From when it is valid.
    public let notBefore: DateTime
    /// Until when it is valid.
    public let notAfter: DateTime
    /// Names and addresses of the host.
    public let alternativeNames: [String]
    /// The common name of the authority that signed it.
    public let issuer: String
    /// Where its PEM file is; nil for one that came over the network.
    public let path: String?

    init(_ certificate: Certificate, path: String? = nil) {
        host = certificate.subject.first(of: .RDNAttributeType.commonName) ?? ""
        role = certificate.subject.first(of: .RDNAttributeType.organizationalUnitName).flatMap {
            HostRole(rawValue: $0)
        }
        // An extension that cannot be read says nothing good: such a certificate counts as no authority and has no
        // names.
        if case .isCertificateAuthority = try? certificate.extensions.basicConstraints {
            isAuthority = true
        } else {
            isAuthority = false
        }
        // As above: names that cannot be read are none.
        alternativeNames = (try? certificate.extensions.subjectAlternativeNames)?.map { Self.text($0) } ?? []
        serial = certificate.serialNumber.bytes.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined(separator: ":")
        notBefore = Self.time(certificate.notValidBefore)
        notAfter = Self.time(certificate.notValidAfter)
        issuer = certificate.issuer.first(of: .RDNAttributeType.commonName) ?? ""
        self.path = path
    }

    /// Reads a certificate that TLS showed.
    ///
    /// - Throws: An error of the parser for what is no certificate.
    public init(derEncoded bytes: [UInt8]) throws { self.init(try Certificate(derEncoded: bytes)) }

    /// Reads a certificate in PEM.
    ///
    /// - Throws: An error of the parser for what is no certificate.
    public init(pemEncoded text: String) throws { self.init(try Certificate(pemEncoded: text)) }

    /// Reads a PEM file.
    public init(path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let parent = parts.dropLast().joined(separator: "/")
        let folder = try DirectoryFolder(path: parts.count > 1 ? (parent.isEmpty ? "/" : parent) : ".")
        guard let text = try LocalAuthority.text(String(parts.last ?? ""), in: folder) else {
            throw ControlFailure(
                .notFound, "There is no certificate \(path).", remedy: "mtctl pki list shows what there is.")
        }
        do {
            self.init(try Certificate(pemEncoded: text), path: path)
        } catch {
            throw ControlFailure(
                .corrupt, "\(path) is not a certificate in PEM (\(error)).", remedy: "Name a file that ends in .pem.")
        }
    }

    /// From when it should be renewed: two thirds of its lifetime.
    public var renewalDue: DateTime {
        let lifetime = notAfter.timestamp.nanoseconds(since: notBefore.timestamp)
        return DateTime(notBefore.timestamp.advanced(byNanoseconds: lifetime / 3 * 2))
    }

    /// SHA-256 of a certificate in DER, by which people and enrolments know it: 32 octets.
    ///
    /// - Throws: An error of the parser for what is no certificate.
    public static func fingerprint(pemEncoded text: String) throws -> [UInt8] {
        Array(SHA256.hash(data: try PEMDocument(pemString: text).derBytes))
    }

    /// `DNS:host.example`, `IP:192.0.2.1`, as OpenSSL writes them.
    private static func text(_ name: GeneralName) -> String {
        switch name {
        case .dnsName(let name): "DNS:\(name)"
        case .ipAddress(let octets): "IP:\(IPAddress.text(Array(octets.bytes)))"
        default: "\(name)"
        }
    }

    private static func time(_ date: Date) -> DateTime {
        DateTime(Timestamp.seconds(Int64(date.timeIntervalSince1970)))
    }
}

extension DistinguishedName {
    /// The value of the first attribute of that type.
    fileprivate func first(of type: ASN1ObjectIdentifier) -> String? {
        for name in self {
            for attribute in name where attribute.type == type {
                if let text = String(attribute.value) { return text }
            }
        }
        return nil
    }
}
