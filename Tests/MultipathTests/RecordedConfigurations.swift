// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The configuration in force (`show config local`) before and after our drop-in, and a refusal.
enum RecordedConfigurations {
    /// Debian's own.
    static let before = #"""
        defaults {
        	verbosity 2
        	polling_interval 2
        	max_polling_interval 8
        	reassign_maps "no"
        	path_selector "service-time 0"
        	path_grouping_policy "failover"
        	uid_attribute "ID_SERIAL"
        	prio "const"
        	prio_args ""
        	features "0"
        	path_checker "tur"
        	alias_prefix "mpath"
        	failback "manual"
        	rr_min_io 1000
        	rr_min_io_rq 1
        	max_fds "max"
        	rr_weight "uniform"
        	queue_without_daemon "no"
        	allow_usb_devices "no"
        	flush_on_last_del "no"
        	user_friendly_names "no"
        	fast_io_fail_tmo 5
        	bindings_file "/etc/multipath/bindings"
        	wwids_file "/etc/multipath/wwids"
        	prkeys_file "/etc/multipath/prkeys"
        	log_checker_err "always"
        	all_tg_pt "no"
        	retain_attached_hw_handler "yes"
        	detect_prio "yes"
        	detect_checker "yes"
        	force_sync "no"
        	strict_timing "no"
        	deferred_remove "no"
        	delay_watch_checks "no"
        	delay_wait_checks "no"
        	san_path_err_threshold "no"
        	san_path_err_forget_rate "no"
        	san_path_err_recovery_time "no"
        	marginal_path_err_sample_time "no"
        	marginal_path_err_rate_threshold "no"
        	marginal_path_err_recheck_gap_time "no"
        	marginal_path_double_failed_time "no"
        	find_multipaths "on"
        	uxsock_timeout 4000
        	retrigger_tries 3
        	retrigger_delay 10
        	missing_uev_wait_timeout 30
        	skip_kpartx "no"
        	disable_changed_wwids "ignored"
        	remove_retries 0
        	ghost_delay "no"
        	find_multipaths_timeout -10
        	enable_foreign "NONE"
        	marginal_pathgroups "off"
        	recheck_wwid "no"
        }
        blacklist {
        	devnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])"
        	device {
        		vendor "SGI"
        		product "Universal Xport"
        	}
        	device {
        		vendor "^DGC"
        		product "LUNZ"
        	}
        	device {
        		vendor "EMC"
        		product "LUNZ"
        	}
        	device {
        		vendor "DELL"
        		product "Universal Xport"
        	}
        	device {
        		vendor "FUJITSU"
        		product "Universal Xport"
        	}
        	device {
        		vendor "IBM"
        		product "Universal Xport"
        	}
        	device {
        		vendor "IBM"
        		product "S/390"
        	}
        	device {
        		vendor "LENOVO"
        		product "Universal Xport"
        	}
        	device {
        		vendor "(NETAPP|LSI|ENGENIO)"
        		product "Universal Xport"
        	}
        	device {
        		vendor "STK"
        		product "Universal Xport"
        	}
        	device {
        		vendor "SUN"
        		product "Universal Xport"
        	}
        	device {
        		vendor "(Intel|INTEL)"
        		product "VTrak V-LUN"
        	}
        	device {
        		vendor "Promise"
        		product "VTrak V-LUN"
        	}
        	device {
        		vendor "Promise"
        		product "Vess V-LUN"
        	}
        }
        blacklist_exceptions {
        	property "(SCSI_IDENT_|ID_WWN)"
        }
        devices {
        }
        overrides {
        }
        multipaths {
        	multipath {
        		wwid "36000c295555666677778888999900001"
        	}
        	multipath {
        		wwid "36000c29eeee1111eeee2222eeee3333e"
        	}
        }

        """#

    /// With our drop-in, which protects one identity.
    static let after = #"""
        defaults {
        	verbosity 2
        	polling_interval 2
        	max_polling_interval 8
        	reassign_maps "no"
        	path_selector "service-time 0"
        	path_grouping_policy "failover"
        	uid_attribute "ID_SERIAL"
        	prio "const"
        	prio_args ""
        	features "0"
        	path_checker "tur"
        	alias_prefix "mpath"
        	failback "manual"
        	rr_min_io 1000
        	rr_min_io_rq 1
        	max_fds "max"
        	rr_weight "uniform"
        	queue_without_daemon "no"
        	allow_usb_devices "no"
        	flush_on_last_del "no"
        	user_friendly_names "no"
        	fast_io_fail_tmo 5
        	bindings_file "/etc/multipath/bindings"
        	wwids_file "/etc/multipath/wwids"
        	prkeys_file "/etc/multipath/prkeys"
        	log_checker_err "always"
        	all_tg_pt "no"
        	retain_attached_hw_handler "yes"
        	detect_prio "yes"
        	detect_checker "yes"
        	force_sync "no"
        	strict_timing "no"
        	deferred_remove "no"
        	delay_watch_checks "no"
        	delay_wait_checks "no"
        	san_path_err_threshold "no"
        	san_path_err_forget_rate "no"
        	san_path_err_recovery_time "no"
        	marginal_path_err_sample_time "no"
        	marginal_path_err_rate_threshold "no"
        	marginal_path_err_recheck_gap_time "no"
        	marginal_path_double_failed_time "no"
        	find_multipaths "on"
        	uxsock_timeout 4000
        	retrigger_tries 3
        	retrigger_delay 10
        	missing_uev_wait_timeout 30
        	skip_kpartx "yes"
        	disable_changed_wwids "ignored"
        	remove_retries 0
        	ghost_delay "no"
        	find_multipaths_timeout -10
        	enable_foreign "NONE"
        	marginal_pathgroups "off"
        	recheck_wwid "no"
        }
        blacklist {
        	devnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])"
        	wwid "^36000c295555666677778888999900001$"
        	device {
        		vendor "SGI"
        		product "Universal Xport"
        	}
        	device {
        		vendor "^DGC"
        		product "LUNZ"
        	}
        	device {
        		vendor "EMC"
        		product "LUNZ"
        	}
        	device {
        		vendor "DELL"
        		product "Universal Xport"
        	}
        	device {
        		vendor "FUJITSU"
        		product "Universal Xport"
        	}
        	device {
        		vendor "IBM"
        		product "Universal Xport"
        	}
        	device {
        		vendor "IBM"
        		product "S/390"
        	}
        	device {
        		vendor "LENOVO"
        		product "Universal Xport"
        	}
        	device {
        		vendor "(NETAPP|LSI|ENGENIO)"
        		product "Universal Xport"
        	}
        	device {
        		vendor "STK"
        		product "Universal Xport"
        	}
        	device {
        		vendor "SUN"
        		product "Universal Xport"
        	}
        	device {
        		vendor "(Intel|INTEL)"
        		product "VTrak V-LUN"
        	}
        	device {
        		vendor "Promise"
        		product "VTrak V-LUN"
        	}
        	device {
        		vendor "Promise"
        		product "Vess V-LUN"
        	}
        }
        blacklist_exceptions {
        	property "(SCSI_IDENT_|ID_WWN)"
        }
        devices {
        }
        overrides {
        	user_friendly_names "no"
        	skip_kpartx "yes"
        }
        multipaths {
        	multipath {
        		wwid "36000c29eeee1111eeee2222eeee3333e"
        	}
        }

        """#

    /// The answer to a command that there is not.
    static let unknownCommand = #"""
        bogus: not found
        multipath-tools v0.9.4 (12/19, 2022)
        CLI commands reference:
         list|show paths
         list|show paths format $format
         list|show paths raw format $format
         list|show path $path
         list|show maps|multipaths
         list|show status
         list|show daemon
         list|show maps|multipaths status
         list|show maps|multipaths stats

        """#
}
