// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The same machine, one adapter offline, then both.
enum RecordedLosses {
    /// Adapter 0 offline: both paths of the first map, one of the second.
    static let oneLost = #"""
        {
           "major_version": 0,
           "minor_version": 1,
           "maps": [{
              "name" : "36000c295555666677778888999900001",
              "uuid" : "36000c295555666677778888999900001",
              "sysfs" : "dm-0",
              "failback" : "-",
              "queueing" : "-",
              "paths" : 0,
              "write_prot" : "rw",
              "dm_st" : "active",
              "features" : "0",
              "hwhandler" : "1 alua",
              "action" : "create",
              "path_faults" : 2,
              "vend" : "VMware",
              "prod" : "Virtual disk",
              "rev" : "2.0",
              "switch_grp" : 0,
              "map_loads" : 1,
              "total_q_time" : 0,
              "q_timeouts" : 0,
              "path_groups": [{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "active",
                 "marginal_st" : "normal",
                 "group" : 1,
                 "paths": [{
                    "dev" : "sdb",
                    "dev_t" : "8:16",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0001000000000000",
                    "marginal_st" : "normal"
                 }]
              },{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "enabled",
                 "marginal_st" : "normal",
                 "group" : 2,
                 "paths": [{
                    "dev" : "sdc",
                    "dev_t" : "8:32",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0002000000000000",
                    "marginal_st" : "normal"
                 }]
              }]
           },{
              "name" : "36000c29eeee1111eeee2222eeee3333e",
              "uuid" : "36000c29eeee1111eeee2222eeee3333e",
              "sysfs" : "dm-1",
              "failback" : "-",
              "queueing" : "-",
              "paths" : 1,
              "write_prot" : "rw",
              "dm_st" : "active",
              "features" : "0",
              "hwhandler" : "1 alua",
              "action" : "create",
              "path_faults" : 1,
              "vend" : "VMware",
              "prod" : "Virtual disk",
              "rev" : "2.0",
              "switch_grp" : 0,
              "map_loads" : 1,
              "total_q_time" : 0,
              "q_timeouts" : 0,
              "path_groups": [{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "enabled",
                 "marginal_st" : "normal",
                 "group" : 1,
                 "paths": [{
                    "dev" : "sdd",
                    "dev_t" : "8:48",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0003000000000000",
                    "marginal_st" : "normal"
                 }]
              },{
                 "selector" : "service-time 0",
                 "pri" : 50,
                 "dm_st" : "active",
                 "marginal_st" : "normal",
                 "group" : 2,
                 "paths": [{
                    "dev" : "sde",
                    "dev_t" : "8:64",
                    "dm_st" : "active",
                    "dev_st" : "running",
                    "chk_st" : "ready",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0000000000000000",
                    "marginal_st" : "normal"
                 }]
              }]
           }]
        }

        """#

    /// Both adapters offline.
    static let allLost = #"""
        {
           "major_version": 0,
           "minor_version": 1,
           "maps": [{
              "name" : "36000c295555666677778888999900001",
              "uuid" : "36000c295555666677778888999900001",
              "sysfs" : "dm-0",
              "failback" : "-",
              "queueing" : "-",
              "paths" : 0,
              "write_prot" : "rw",
              "dm_st" : "active",
              "features" : "0",
              "hwhandler" : "1 alua",
              "action" : "create",
              "path_faults" : 2,
              "vend" : "VMware",
              "prod" : "Virtual disk",
              "rev" : "2.0",
              "switch_grp" : 0,
              "map_loads" : 1,
              "total_q_time" : 0,
              "q_timeouts" : 0,
              "path_groups": [{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "active",
                 "marginal_st" : "normal",
                 "group" : 1,
                 "paths": [{
                    "dev" : "sdb",
                    "dev_t" : "8:16",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0001000000000000",
                    "marginal_st" : "normal"
                 }]
              },{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "enabled",
                 "marginal_st" : "normal",
                 "group" : 2,
                 "paths": [{
                    "dev" : "sdc",
                    "dev_t" : "8:32",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0002000000000000",
                    "marginal_st" : "normal"
                 }]
              }]
           },{
              "name" : "36000c29eeee1111eeee2222eeee3333e",
              "uuid" : "36000c29eeee1111eeee2222eeee3333e",
              "sysfs" : "dm-1",
              "failback" : "-",
              "queueing" : "-",
              "paths" : 0,
              "write_prot" : "rw",
              "dm_st" : "active",
              "features" : "0",
              "hwhandler" : "1 alua",
              "action" : "create",
              "path_faults" : 2,
              "vend" : "VMware",
              "prod" : "Virtual disk",
              "rev" : "2.0",
              "switch_grp" : 0,
              "map_loads" : 1,
              "total_q_time" : 0,
              "q_timeouts" : 0,
              "path_groups": [{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "enabled",
                 "marginal_st" : "normal",
                 "group" : 1,
                 "paths": [{
                    "dev" : "sdd",
                    "dev_t" : "8:48",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0003000000000000",
                    "marginal_st" : "normal"
                 }]
              },{
                 "selector" : "service-time 0",
                 "pri" : 0,
                 "dm_st" : "active",
                 "marginal_st" : "normal",
                 "group" : 2,
                 "paths": [{
                    "dev" : "sde",
                    "dev_t" : "8:64",
                    "dm_st" : "failed",
                    "dev_st" : "running",
                    "chk_st" : "faulty",
                    "checker" : "tur",
                    "pri" : 50,
                    "host_wwnn" : "[undef]",
                    "target_wwnn" : "[undef]",
                    "host_wwpn" : "[undef]",
                    "target_wwpn" : "[undef]",
                    "host_adapter" : "[undef]",
                    "lun_hex" : "0x0000000000000000",
                    "marginal_st" : "normal"
                 }]
              }]
           }]
        }

        """#
}
