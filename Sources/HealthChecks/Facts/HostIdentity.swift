// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Which machine this is: the system's own id and the id that its (virtual) hardware carries.
public struct HostIdentity: Hashable, Sendable, Codable {
    /// `/etc/machine-id`. Source: machine-id(5), which asks that it is not shown around.
    public var machineID: String
    /// SMBIOS's system UUID; nil on machines without one.
    public var productID: String?

    /// An identity.
    public init(machineID: String, productID: String?) {
        self.machineID = machineID
        self.productID = productID
    }

    /// Whether the product ids are one and the same UUID.
    ///
    /// The first three fields may come in either byte order: from SMBIOS 2.6 on they are little-endian, and a virtual
    /// machine whose hardware version is raised passes that border. Source: SMBIOS specification 7.2.1.
    public func hasProduct(of other: HostIdentity) -> Bool {
        guard let mine = productID.map(Self.digits), let theirs = other.productID.map(Self.digits) else {
            return productID == nil && other.productID == nil
        }
        return mine == theirs || mine == Self.swapped(theirs)
    }

    /// Sentences about what is not as it was on the machine that was recorded; empty for the same machine.
    func differences(from then: HostIdentity) -> [String] {
        var sentences: [String] = []
        if !hasProduct(of: then) {
            sentences.append("The hardware's id was \(then.productID ?? "none") and is \(productID ?? "none").")
        }
        if machineID != then.machineID { sentences.append("/etc/machine-id is not what it was.") }
        return sentences
    }

    private static func digits(_ text: String) -> [Character] { text.lowercased().filter { $0 != "-" } }

    private static func swapped(_ digits: [Character]) -> [Character] {
        guard digits.count == 32 else { return digits }
        let order = [3, 2, 1, 0, 5, 4, 7, 6] + Array(8..<16)
        return order.flatMap { digits[2 * $0...2 * $0 + 1] }
    }
}
