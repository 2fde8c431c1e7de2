package facts

import (
	"path"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// cmdline tells what the kernel was started with.
func cmdline(h *host) {
	last, all := values.NewMap(8), values.NewMap(8)
	for _, word := range words(h.read("/proc/cmdline")) {
		name, text, ok := strings.Cut(word, "=")
		value := values.True
		if ok {
			value = values.String(text)
		}
		last.Set(name, value)
		if before, twice := all.Get(name); twice {
			if before.Kind() != values.KindList {
				before = values.ListOf(before)
			}
			value = values.FromSlice(append(before.Items(), value))
		}
		all.Set(name, value)
	}
	h.set("cmdline", values.FromMap(last))
	h.set("proc_cmdline", values.FromMap(all))
}

// dns tells how names are looked up.
func dns(h *host) {
	found := values.NewMap(4)
	var servers []string
	for _, line := range h.lines("/etc/resolv.conf") {
		if line == "" || strings.ContainsAny(line[:1], "#;") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			servers = append(servers, fields[1:]...)
			found.Set("nameservers", values.Strings(servers...))
		case "domain":
			found.Set("domain", values.String(fields[1]))
		case "search", "sortlist":
			found.Set(fields[0], values.Strings(fields[1:]...))
		case "options":
			found.Set("options", resolverOptions(fields[1:]))
		}
	}
	h.set("dns", values.FromMap(found))
}

func resolverOptions(fields []string) values.Value {
	options := values.NewMap(len(fields))
	for _, field := range fields {
		name, value, ok := strings.Cut(field, ":")
		if ok {
			options.Set(name, values.String(value))
			continue
		}
		options.Set(name, values.True)
	}
	return values.FromMap(options)
}

// lsb tells what /etc/lsb-release says, or on a system with the program lsb_release, what
// that would.
func lsb(h *host) {
	found := values.NewMap(5)
	text := h.table("/etc/lsb-release", "=")
	id, release, codename, description := text["DISTRIB_ID"], text["DISTRIB_RELEASE"], text["DISTRIB_CODENAME"], text["DISTRIB_DESCRIPTION"]
	if _, err := h.sys.LookPath("lsb_release"); err == nil && len(text) < 2 {
		os := h.table("/etc/os-release", "=")
		id, _, _ = strings.Cut(os["NAME"], " ")
		release, codename, description = os["VERSION_ID"], os["VERSION_CODENAME"], os["PRETTY_NAME"]
	}
	for _, pair := range [][2]string{{"id", id}, {"release", release}, {"description", description}, {"codename", codename}} {
		if pair[1] != "" {
			found.Set(pair[0], values.String(pair[1]))
		}
	}
	if release != "" {
		major, _, _ := strings.Cut(release, ".")
		found.Set("major_release", values.String(major))
	}
	h.set("lsb", values.FromMap(found))
}

// fips tells whether the kernel allows only what FIPS 140 does.
func fips(h *host) {
	h.set("fips", values.Bool(h.line("/proc/sys/crypto/fips_enabled") == "1"))
}

// selinux tells what SELinux enforces.
func selinux(h *host) {
	h.set("selinux_python_present", values.True)
	mode := h.line("/sys/fs/selinux/enforce")
	if mode == "" {
		h.set("selinux", values.MapOf("status", values.String("disabled")))
		return
	}
	config := h.table("/etc/selinux/config", "=")
	h.set("selinux", values.MapOf(
		"status", values.String("enabled"),
		"policyvers", number(h.line("/sys/fs/selinux/policyvers")),
		"config_mode", values.String(orUnknown(config["SELINUX"])),
		"mode", values.String(map[string]string{"0": "permissive", "1": "enforcing"}[mode]),
		"type", values.String(orUnknown(config["SELINUXTYPE"])),
	))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// apparmor tells whether the kernel has it.
func apparmor(h *host) {
	status := "disabled"
	if h.exists("/sys/kernel/security/apparmor") {
		status = "enabled"
	}
	h.set("apparmor", values.MapOf("status", values.String(status)))
}

// hostKeys tells the public keys of the SSH server.
func hostKeys(h *host) {
	for _, kind := range []string{"dsa", "rsa", "ecdsa", "ed25519"} {
		for _, dir := range []string{"/etc/ssh", "/etc/openssh", "/etc"} {
			fields := strings.Fields(h.read(path.Join(dir, "ssh_host_"+kind+"_key.pub")))
			if len(fields) < 2 {
				continue
			}
			h.setText("ssh_host_key_"+kind+"_public", fields[1])
			h.setText("ssh_host_key_"+kind+"_public_keytype", fields[0])
			break
		}
	}
}

// loadavg tells how much there was to do.
func loadavg(h *host) {
	fields := strings.Fields(h.read("/proc/loadavg"))
	if len(fields) < 3 {
		return
	}
	loads := values.NewMap(3)
	for i, name := range []string{"1m", "5m", "15m"} {
		load, _ := strconv.ParseFloat(fields[i], 64)
		loads.Set(name, values.Float(load))
	}
	h.set("loadavg", values.FromMap(loads))
}

// iscsi tells the name of the iSCSI initiator.
func iscsi(h *host) {
	name := h.table("/etc/iscsi/initiatorname.iscsi", "=")["InitiatorName"]
	h.setText("iscsi_iqn", name)
}

// nvme tells the name of the NVMe host.
func nvme(h *host) {
	name := h.line("/etc/nvme/hostnqn")
	if !strings.HasPrefix(name, "nqn.") {
		name = ""
	}
	h.setText("hostnqn", name)
}

// fibreChannel tells the names of the host's ports.
func fibreChannel(h *host) {
	list := []string{}
	for _, name := range h.names("/sys/class/fc_host") {
		if port := h.line(path.Join("/sys/class/fc_host", name, "port_name")); port != "" {
			list = append(list, strings.TrimPrefix(port, "0x"))
		}
	}
	h.set("fibre_channel_wwn", values.Strings(list...))
}
