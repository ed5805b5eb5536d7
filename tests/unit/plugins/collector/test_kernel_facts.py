"""CPU, memory, pressure, filesystems, disks, arrays, interfaces: from the text that old and new kernels write."""

from __future__ import annotations

import pytest

MEMINFO_CENTOS6 = """MemTotal:        8061404 kB
MemFree:          164436 kB
Buffers:          198408 kB
Cached:          5510820 kB
SwapCached:         1376 kB
Shmem:              1000 kB
SwapTotal:       4194300 kB
SwapFree:        4180296 kB
HugePages_Total:       0
"""


def test_memory_of_a_kernel_without_memavailable_is_estimated_and_marked(part):
    """CentOS 6: free + buffers + cached - shared memory stands for available."""
    memory = part("memory").parse_meminfo(MEMINFO_CENTOS6)
    assert memory["available_estimated"] is True
    assert memory["available_bytes"] == (164436 + 198408 + 5510820 - 1000) * 1024
    assert memory["swap_total_bytes"] == 4194300 * 1024


def test_memory_of_a_newer_kernel_is_taken_as_it_is(part):
    """MemAvailable counts when the kernel gives it."""
    memory = part("memory").parse_meminfo(MEMINFO_CENTOS6 + "MemAvailable:    7000000 kB\n")
    assert (memory["available_bytes"], memory["available_estimated"]) == (7000000 * 1024, False)


def test_cpu_shares_add_up_and_own_work_does_not_count(part):
    """Idle and iowait are not busy; steal is; the collector's own jiffies are taken off."""
    cpu = part("cpu")
    before = cpu.parse_cpu("cpu  100 0 100 1000 50 0 0 0 0 0\ncpu0 1 1 1 1\n")
    after = cpu.parse_cpu("cpu  140 0 110 1130 60 0 0 10 0 0\n")
    assert cpu.cpu_shares(before, after) == {"busy_percent": 30.0, "iowait_percent": 5.0, "steal_percent": 5.0}
    assert cpu.cpu_shares(before, after, 20)["busy_percent"] == 20.0
    assert cpu.cpu_shares(before, after, 900)["busy_percent"] == 0


def test_cpu_line_of_an_old_kernel_has_fewer_columns(part):
    """2.6.18 knows no steal beyond the eighth value, 2.4 only four."""
    assert part("cpu").parse_cpu("cpu  1 2 3 4\n") == [1, 2, 3, 4, 0, 0, 0, 0]


def test_cpu_counters_that_run_backwards_count_as_no_time(part):
    """iowait decreases on some kernels."""
    shares = part("cpu").cpu_shares([0, 0, 0, 100, 50, 0, 0, 0], [10, 0, 0, 190, 40, 0, 0, 0])
    assert shares == {"busy_percent": 10.0, "iowait_percent": 0.0, "steal_percent": 0.0}


def test_pressure_averages_are_named_by_kind_and_window(part):
    """Newer kernels write a full line for cpu too."""
    text = "some avg10=0.00 avg60=1.23 avg300=0.50 total=1\nfull avg10=0.00 avg60=0.10 avg300=0.00 total=2\n"
    values = part("cpu").parse_pressure(text)
    assert values["some", "avg60"] == 1.23
    assert values["full", "avg60"] == 0.10


MOUNTS = """rootfs / rootfs rw 0 0
sysfs /sys sysfs rw 0 0
/dev/mapper/centos-root / xfs rw,relatime 0 0
/dev/sdb1 /data\\040disk ext4 ro,relatime 0 0
/dev/sdb1 /var/lib/docker/x ext4 rw,relatime 0 0
nas:/pacs /pacs nfs4 rw,hard 0 0
tmpfs /run tmpfs rw 0 0
"""


def test_mounts_are_real_filesystems_once_each(part):
    """Virtual ones and bind mounts of the same device are left out; escapes in names are undone."""
    mounts = {mount["mount"]: mount for mount in part("filesystems").parse_mounts(MOUNTS)}
    assert sorted(mounts) == ["/", "/data disk", "/pacs"]
    assert mounts["/"]["device"] == "/dev/mapper/centos-root"
    assert mounts["/data disk"]["read_only"]
    assert mounts["/pacs"]["network"]


def test_fstab_tells_whether_read_only_is_meant(part):
    """`ro` there and `ro` now is no fault."""
    assert part("filesystems").parse_fstab(
        "# x\n/dev/sdb1 /data\\040disk ext4 ro 0 2\n/dev/sda1 / xfs defaults 0 0\n"
    ) == {
        "/data disk": True,
        "/": False,
    }


DISKSTATS = """   8       0 sda {0} 0 800 400 {1} 0 160 300 0 {2} 700
   8       1 sda1 90 0 700 390 10 0 100 200 0 400 600
 259       0 nvme0n1 5 0 40 1 0 0 0 0 0 1 1 0 0 0 0 0 0
 259       1 nvme0n1p1 5 0 40 1 0 0 0 0 0 1 1
 202       1 xvda1 7 0 40 1 0 0 0 0 0 1 1
   7       0 loop0 9 0 40 1 0 0 0 0 0 1 1
   8      16 sdb 0 0 0 0 0 0 0 0 0 0 0
"""


def test_disks_are_whole_devices_that_work(part):
    """Partitions, loop devices and idle disks are left out; xvda1 without an xvda is a disk."""
    parsed = part("disks").parse_diskstats(DISKSTATS.format(100, 50, 500))
    assert sorted(parsed) == ["nvme0n1", "sda", "xvda1"]
    assert parsed["sda"] == (100, 400, 50, 300, 500)


def test_await_is_per_finished_request_and_none_without_one(part):
    """Milliseconds spent over requests finished in the window."""
    rates = part("disks").disk_rates("sda", (100, 400, 50, 300, 500), (110, 600, 50, 300, 1000), 1.0)
    assert (rates["read_await_ms"], rates["write_await_ms"], rates["util_percent"]) == (20.0, None, 50.0)


MDSTAT = """Personalities : [raid1] [raid6] [raid5] [raid4]
md1 : active raid1 sdb2[1] sda2[0](F)
      1048512 blocks super 1.2 [2/1] [_U]
      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec

md0 : active (auto-read-only) raid5 sdc1[2] sdb1[1] sda1[0]
      2097152 blocks level 5, 64k chunk, algorithm 2 [3/3] [UUU]

md9 : inactive sdd1[0](S)
      976761560 blocks super 1.2

unused devices: <none>
"""


def test_arrays_show_what_is_degraded(part):
    """Members up against members wanted; recovery in words."""
    arrays = {array["name"]: array for array in part("arrays").parse_mdstat(MDSTAT)}
    assert arrays["md1"]["degraded"]
    assert arrays["md1"]["recovery"] == "recovery 12.6%"
    assert (arrays["md0"]["level"], arrays["md0"]["degraded"], arrays["md0"]["active"]) == ("raid5", False, True)
    assert arrays["md9"]["active"] is False


def test_net_dev_of_a_centos_6_glues_name_and_number(part):
    """`eth0:123` and `eth0: 123` are the same."""
    text = "Inter-|\n face |\n  eth0:1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
    assert part("network").parse_net_dev(text) == {
        "eth0": (10, 1, 20, 2, 1000, 2000),
        "lo": (1, 0, 1, 0, 1, 1),
    }


@pytest.mark.parametrize(
    ("early", "late", "bits", "grown"),
    [
        (1000, 1500, 64, 500),
        (1000, 1000, 64, 0),
        (2**32 - 100, 400, 32, 500),  # went round
        (2**32 - 100, 400, 64, None),  # no 64 bits go round within a sample: reset
        (10**9, 5000, 32, None),  # so far back that it was reset
        (2**32 + 5, 2**32 + 9, 64, 4),
    ],
)
def test_a_counter_that_runs_backwards_went_round_or_was_reset(part, early, late, bits, grown):
    """Half of the numbers decide, as with serial numbers; what was reset tells no growth, never a wrong one."""
    assert part("network").growth(early, late, bits) == grown


def test_rates_are_of_both_directions_and_of_an_interface_that_was_there_before(part):
    """Two seconds; one direction was reset; one interface has just come; a sample of no time is none."""
    rates = part("network").byte_rates
    early, late = (0, 0, 0, 0, 1000, 7000), (9, 0, 9, 0, 3001, 9000)
    assert rates(early, late, 2.0, 64) == {"sample_s": 2.0, "rx_bytes_s": 1000.5, "tx_bytes_s": 1000.0}
    assert rates(late, (*late[:4], 5, 9500), 2.0, 64) == {"sample_s": 2.0, "rx_bytes_s": None, "tx_bytes_s": 250.0}
    assert rates(None, late, 2.0, 64) == {"sample_s": 2.0, "rx_bytes_s": None, "tx_bytes_s": None}
    assert rates(early, late, 0.0, 64) == {"sample_s": 0.0, "rx_bytes_s": None, "tx_bytes_s": None}


@pytest.mark.parametrize(
    ("machine", "narrow"),
    [("i686", True), ("armv7l", True), ("x86_64", False), ("aarch64", False), ("loongarch64", False)],
)
def test_kernels_of_32_bits_are_known_by_their_machine(part, machine, narrow):
    """Only there may a byte counter have 32 bits."""
    assert bool(part("network").NARROW.match(machine)) == narrow


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("5.9.0-1-amd64", "5.10.0-1-amd64"),
        ("3.10.0-957.el7.x86_64", "3.10.0-1160.119.1.el7.x86_64"),
        ("4.19.90-52.9.v2207.ky10.x86_64", "4.19.90-52.15.v2207.ky10.x86_64"),
        ("5.10.0-60.18.0.50.oe2203.x86_64", "5.10.0-136.12.0.86.oe2203.x86_64"),
        ("2.6.32-754.el6.x86_64", "2.6.32-754.35.1.el6.x86_64"),
    ],
)
def test_kernels_compare_by_number(part, older, newer):
    """Debian, CentOS, Kylin and openEuler releases, the older one first."""
    kernel = part("kernel")
    assert sorted([newer, older], key=kernel.version_key) == [older, newer]
    assert kernel.newest_of_flavour([older, newer], older) == newer


def test_a_cloud_kernel_is_not_replaced_by_the_plain_one(part):
    """The newest of the same flavour counts."""
    installed = ["6.1.0-30-cloud-amd64", "6.1.0-40-amd64"]
    assert part("kernel").newest_of_flavour(installed, "6.1.0-30-cloud-amd64") == "6.1.0-30-cloud-amd64"


def test_release_line_of_a_system_before_os_release(part):
    """CentOS 6 has only redhat-release."""
    assert part("host").parse_release_line("CentOS release 6.10 (Final)\n") == {
        "ID": "centos",
        "VERSION_ID": "6.10",
        "PRETTY_NAME": "CentOS release 6.10 (Final)",
    }


SMART_ATA = """smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)
Copyright (C) 2002-22, Bruce Allen, Christian Franke, www.smartmontools.org

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       8
194 Temperature_Celsius     0x0022   064   045   000    Old_age   Always       -       36 (Min/Max 14/55)
197 Current_Pending_Sector  0x0032   100   100   000    Old_age   Always       -       0
"""


def test_smart_verdict_and_raw_values(part):
    """Only the attributes that tell of a dying disk are kept."""
    assert part("smart").parse_smart(SMART_ATA) == {"passed": True, "attributes": {"5": 8, "197": 0}, "reason": None}


def test_smart_without_a_verdict_says_why(part):
    """A virtual disk or a controller in between."""
    said = "smartctl 7.3\nCopyright\n\n/dev/sda: Unable to detect device type\n"
    assert part("smart").parse_smart(said)["reason"] == "/dev/sda: Unable to detect device type"


def test_scsi_disks_write_their_verdict_differently(part):
    """`SMART Health Status: OK`."""
    assert part("smart").parse_smart("x\nx\n\nSMART Health Status: OK\n")["passed"] is True


def test_chrony_says_slow_and_fast_in_words(part):
    """Slow means that the host is behind: negative."""
    clock = part("clock")
    text = "Reference ID : 0A\nSystem time     : 0.000123 seconds slow of NTP time\nLeap status     : Normal\n"
    assert clock.parse_chrony(text) == -0.000123
    assert clock.parse_chrony(text.replace("slow", "fast")) == 0.000123
    assert clock.parse_chrony(text.replace("Normal", "Not synchronised")) is None


def test_ntpq_counts_the_other_way_in_milliseconds(part):
    """Its offset is what has to be added to the host's clock."""
    assert part("clock").parse_ntpq("offset=-1.500\n") == 0.0015
    assert part("clock").parse_ntpq("timed out") is None


def test_process_names_with_brackets_do_not_hide_the_state(part):
    """`1 (a) b) Z 0`: the state follows the last bracket."""
    assert part("tables").process_state("12 (evil) S (x) Z 1 12 12") == "Z"
