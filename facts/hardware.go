package facts

import (
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// hardware tells memory, processors, disks and what the firmware says.
func hardware(h *host) {
	h.memory()
	h.processors()
	h.firmware()
	h.devices()
	h.mounts()
	if fields := strings.Fields(h.read("/proc/uptime")); len(fields) > 0 {
		seconds, _, _ := strings.Cut(fields[0], ".")
		h.set("uptime_seconds", number(seconds))
	}
}

// memory tells how much there is, in MiB.
func (h *host) memory() {
	table := h.table("/proc/meminfo", ":")
	if table["MemTotal"] == "" {
		return
	}
	mb := func(name string) int64 { return toInt(strings.TrimSuffix(table[name], " kB")) / 1024 }
	total, free, swap, swapFree := mb("MemTotal"), mb("MemFree"), mb("SwapTotal"), mb("SwapFree")
	unused := free + mb("Cached") + mb("Buffers")
	h.set("memtotal_mb", values.Int(total))
	h.set("memfree_mb", values.Int(free))
	h.set("swaptotal_mb", values.Int(swap))
	h.set("swapfree_mb", values.Int(swapFree))
	h.set("memory_mb", values.MapOf(
		"real", values.MapOf("total", values.Int(total), "used", values.Int(total-free), "free", values.Int(free)),
		"nocache", values.MapOf("free", values.Int(unused), "used", values.Int(total-unused)),
		"swap", values.MapOf("total", values.Int(swap), "free", values.Int(swapFree),
			"used", values.Int(swap-swapFree), "cached", values.Int(mb("SwapCached"))),
	))
}

// firmwareFacts are facts and the file of /sys/class/dmi/id that tells them.
var firmwareFacts = [][2]string{
	{"bios_date", "bios_date"}, {"bios_vendor", "bios_vendor"}, {"bios_version", "bios_version"},
	{"board_asset_tag", "board_asset_tag"}, {"board_name", "board_name"}, {"board_serial", "board_serial"},
	{"board_vendor", "board_vendor"}, {"board_version", "board_version"},
	{"chassis_asset_tag", "chassis_asset_tag"}, {"chassis_serial", "chassis_serial"},
	{"chassis_vendor", "chassis_vendor"}, {"chassis_version", "chassis_version"},
	{"form_factor", "chassis_type"}, {"product_name", "product_name"}, {"product_serial", "product_serial"},
	{"product_uuid", "product_uuid"}, {"product_version", "product_version"}, {"system_vendor", "sys_vendor"},
}

// formFactors are the names of the chassis types of SMBIOS.
var formFactors = strings.Split("Unknown,Other,Unknown,Desktop,Low Profile Desktop,Pizza Box,Mini Tower,Tower,Portable,Laptop,"+
	"Notebook,Hand Held,Docking Station,All In One,Sub Notebook,Space-saving,Lunch Box,Main Server Chassis,Expansion Chassis,"+
	"Sub Chassis,Bus Expansion Chassis,Peripheral Chassis,RAID Chassis,Rack Mount Chassis,Sealed-case PC,Multi-system,"+
	"CompactPCI,AdvancedTCA,Blade,Blade Enclosure,Tablet,Convertible,Detachable,IoT Gateway,Embedded PC,Mini PC,Stick PC", ",")

func (h *host) firmware() {
	for _, fact := range firmwareFacts {
		text := h.line(path.Join("/sys/class/dmi/id", fact[1]))
		if fact[0] == "form_factor" && text != "" {
			if n := int(toInt(text)); n < len(formFactors) {
				text = formFactors[n]
			}
		}
		h.setText(fact[0], orNA(text))
	}
}

// processors tells how many there are, and of what kind.
func (h *host) processors() {
	var names []string
	var count, cores, siblings int64
	sockets := map[string]bool{}
	for _, line := range h.lines("/proc/cpuinfo") {
		key, value, _ := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch key {
		case "processor":
			names = append(names, value)
			count++
		case "vendor_id", "model name", "Vendor", "CPU", "cpu", "vendor", "Processor":
			names = append(names, value)
		case "physical id":
			sockets[value] = true
		case "cpu cores":
			cores = toInt(value)
		case "siblings":
			siblings = toInt(value)
		}
	}
	if len(sockets) > 0 {
		count = int64(len(sockets))
	}
	if len(sockets) == 0 || cores == 0 {
		cores = 1
	}
	threads := max(1, siblings/cores)
	h.set("processor", values.Strings(names...))
	h.set("processor_count", values.Int(count))
	h.set("processor_cores", values.Int(cores))
	h.set("processor_threads_per_core", values.Int(threads))
	h.set("processor_vcpus", values.Int(threads*count*cores))
	h.set("processor_nproc", values.Int(members(h.table("/proc/self/status", ":")["Cpus_allowed_list"])))
}

// members counts what a list such as 0-3,8 has.
func members(list string) int64 {
	var n int64
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		switch {
		case isRange:
			n += toInt(last) - toInt(first) + 1
		case first != "":
			n++
		}
	}
	return n
}
