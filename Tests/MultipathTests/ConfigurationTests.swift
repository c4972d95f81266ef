// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Multipath
import RetentionSimulation
import StoragePrimitives
import Testing

@Suite struct MultipathConfigurationTests {
    static func parse(_ text: String) throws -> MultipathConfiguration {
        try MultipathConfiguration(parsing: text, name: "test.conf")
    }

    @Test func `sections, quotes, comments and nested sections are read`() throws {
        let configuration = try Self.parse(
            """
            # a comment
            ! another
            defaults {
            \tuser_friendly_names yes   # behind a value
                path_selector "service-time 0"
                getuid "a ""quoted"" word"
                flag
            }
            blacklist {
                wwid 3600
                device {
                    vendor "VMware"
                    product "Virtual disk"
                }
            }
            defaults {
                user_friendly_names no
            }
            """)
        #expect(configuration.sections.map(\.name) == ["defaults", "blacklist", "defaults"])
        let defaults = configuration.sections[0]
        #expect(defaults.value("path_selector")?.value == "service-time 0")
        #expect(defaults.value("getuid")?.value == "a \"quoted\" word")
        #expect(defaults.value("flag")?.value == "")
        #expect(defaults.value("user_friendly_names")?.line == 4)
        #expect(configuration.effective("user_friendly_names")?.value == "no")
        #expect(configuration.sections[1].sections.map(\.name) == ["device"])
    }

    @Test func `the configuration in force is read as multipathd prints it`() throws {
        let configuration = try Self.parse(RecordedConfigurations.before)
        #expect(configuration.effective("skip_kpartx")?.value == "no")
        #expect(configuration.sections("blacklist")[0].sections.count == 14)
        #expect(configuration.sections("multipaths")[0].sections.count == 2)
    }

    @Test(arguments: [
        "}", "defaults {", "key value", "defaults {\nkey \"open\n}", "a {\nb {\nc {\nd {\ne {\n",
        "defaults {\n}\n}", "\"",
    ])
    func `what cannot be understood is named with its line`(text: String) {
        let error = #expect(throws: MultipathError.self) { try Self.parse(text) }
        #expect(error?.code == .malformedConfiguration)
        #expect(error?.description.contains("line") == true)
    }

    @Test func `overrides win over devices, and devices over defaults`() throws {
        let devices = try Self.parse(
            """
            defaults {
                skip_kpartx yes
            }
            devices {
                device {
                    vendor "VMware"
                    product ".*"
                    skip_kpartx no
                }
            }
            """)
        #expect(devices.effective("skip_kpartx", vendor: "VMware", product: "Virtual disk")?.value == "no")
        #expect(devices.effective("skip_kpartx", vendor: "NETAPP", product: "LUN")?.value == "yes")
        let all = MultipathConfiguration(merging: [devices, try Self.parse("overrides {\nskip_kpartx yes\n}")])
        #expect(all.effective("skip_kpartx", vendor: "VMware", product: "Virtual disk")?.value == "yes")
    }
}

@Suite struct MultipathDropInTests {
    static let identity = "36000c295555666677778888999900001"

    @Test func `it says what is wanted, and is what was tried on the real one`() throws {
        let text = try MultipathDropIn(protectedIdentities: [Self.identity]).text()
        let ours = try MultipathConfiguration(parsing: text, name: "ours")
        #expect(ours.effective("user_friendly_names")?.value == "no")
        #expect(ours.effective("find_multipaths")?.value == "yes")
        #expect(ours.effective("skip_kpartx")?.value == "yes")
        #expect(ours.sections("overrides").count == 1)
        #expect(ours.sections("blacklist")[0].value("wwid")?.value == "^\(Self.identity)$")
        let inForce = try MultipathConfiguration(parsing: RecordedConfigurations.after, name: "in force")
        #expect(inForce.sections("blacklist")[0].value("wwid")?.value == "^\(Self.identity)$")
    }

    @Test func `it is written once, and again only when it changes`() throws {
        let folder = SimulatedFolder(power: SimulatedPower(seed: 1))
        let dropIn = MultipathDropIn(protectedIdentities: [Self.identity])
        #expect(try dropIn.install(in: folder))
        #expect(try !dropIn.install(in: folder))
        #expect(try dropIn.isInstalled(in: folder))
        #expect(try MultipathDropIn(protectedIdentities: []).install(in: folder))
        #expect(try !dropIn.isInstalled(in: folder))
    }

    @Test(arguments: ["", " ", "a\"b", "a\nb", "a\\b", "a^b", "a[b", "\u{0}", "\u{e9}"])
    func `an identity that a configuration cannot hold is refused`(identity: String) {
        #expect(throws: MultipathError.self) { try MultipathDropIn(protectedIdentities: [identity]).text() }
    }

    @Test func `an identity matches itself alone`() throws {
        for identity in ["SVMware_Virtual disk_6000", "1ATA a.b*c+d(e)", "eui.0025388b710116a1", "0QEMU_x|y$"] {
            let dropIn = MultipathDropIn(protectedIdentities: [identity])
            let ours = try MultipathConfiguration(parsing: try dropIn.text(), name: "ours")
            #expect(ConfigurationAudit.findings(in: ours, for: dropIn).isEmpty)
            let other = MultipathDropIn(protectedIdentities: [identity.replacing("a", with: "b") + "x"])
            #expect(!ConfigurationAudit.findings(in: ours, for: other).isEmpty)
        }
    }
}

@Suite struct ConfigurationAuditTests {
    static let dropIn = MultipathDropIn(protectedIdentities: [MultipathDropInTests.identity])

    static func findings(_ extra: String) throws -> [ConfigurationAudit.Finding] {
        let ours = try MultipathConfiguration(
            parsing: try dropIn.text(), name: "/etc/multipath/conf.d/master-target.conf")
        let other = try MultipathConfiguration(parsing: extra, name: "/etc/multipath.conf")
        return ConfigurationAudit.findings(in: MultipathConfiguration(merging: [other, ours]), for: dropIn)
    }

    @Test func `in force it has no finding, and without it every one`() throws {
        let after = try MultipathConfiguration(parsing: RecordedConfigurations.after, name: "in force")
        #expect(ConfigurationAudit.findings(in: after, for: Self.dropIn).isEmpty)
        let before = try MultipathConfiguration(parsing: RecordedConfigurations.before, name: "in force")
        let findings = ConfigurationAudit.findings(in: before, for: Self.dropIn)
        #expect(findings.count == 2)
        #expect(findings[0].sentence.contains("skip_kpartx"))
        #expect(findings[1] == .notProtected(identity: MultipathDropInTests.identity))
    }

    @Test(arguments: [
        "device {\nvendor \"VMware\"\nproduct \"Virtual disk\"\n}", "device {\nvendor \"VMware.*\"\n}",
        "device {\nproduct \"Virtual\"\n}", "wwid \"^36000c29\"", "wwid \".*\"", "wwid \"*\"", "devnode \"^sd[a-z]\"",
        "devnode \"!^nvme\"",
    ])
    func `a blacklist that keeps VMware disks away is named with its place`(entry: String) throws {
        let findings = try Self.findings("blacklist {\n\(entry)\n}")
        #expect(findings.count == 1)
        guard case .blacklisted = findings.first else {
            Issue.record("\(findings)")
            return
        }
        #expect(findings[0].sentence.contains("/etc/multipath.conf line"))
    }

    @Test(arguments: [
        "device {\nvendor \"VMware\"\nproduct \"Other\"\n}", "device {\nvendor \"SGI\"\n}", "wwid \"^3600a098\"",
        "devnode \"^(loop|ram)[0-9]*\"", "devnode \"!^(sd[a-z]|nvme)\"", "device {\n}",
    ])
    func `a blacklist that does not is passed over`(entry: String) throws {
        #expect(try Self.findings("blacklist {\n\(entry)\n}").isEmpty)
    }

    @Test func `an exception lets a disk through`() throws {
        let text = "blacklist {\nwwid \".*\"\n}\nblacklist_exceptions {\nwwid \"^36000c290000\"\n}"
        #expect(try Self.findings(text).isEmpty)
    }

    @Test func `an exception for the root disk is noticed`() throws {
        let findings = try Self.findings("blacklist_exceptions {\nwwid \"\(MultipathDropInTests.identity)\"\n}")
        #expect(findings == [.notProtected(identity: MultipathDropInTests.identity)])
    }

    @Test func `a pattern that cannot be understood is said to be so`() throws {
        let findings = try Self.findings("blacklist {\nwwid \"(\"\n}")
        #expect(findings.count == 1)
        #expect(findings.first?.sentence.contains("cannot be understood") == true)
    }

    @Test func `a later file that overrides is named`() throws {
        let ours = try MultipathConfiguration(parsing: try Self.dropIn.text(), name: "ours")
        let later = try MultipathConfiguration(
            parsing: "overrides {\nuser_friendly_names yes\n}\ndefaults {\nfind_multipaths no\n}", name: "zz.conf")
        let all = MultipathConfiguration(merging: [ours, later])
        let findings = ConfigurationAudit.findings(in: all, for: Self.dropIn)
        #expect(findings.count == 2)
        #expect(findings.allSatisfy { $0.sentence.hasPrefix("zz.conf line") })
    }
}
