package facts

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// virtualization is on what the host runs, and what runs on it.
type virtualization struct {
	kind, role  string
	guest, host []string
}

// asGuest notes that the host runs on kind; the first that is found names the host.
func (v *virtualization) asGuest(kind string) {
	if kind == "" || contains(v.guest, kind) {
		return
	}
	v.guest = append(v.guest, kind)
	if v.kind == "" {
		v.kind, v.role = kind, "guest"
	}
}

// virtual tells whether the host is a container or a virtual machine, and of what kind.
func virtual(h *host) {
	v := &virtualization{}
	h.containers(v)
	h.machines(v)
	h.hosting(v)
	if v.kind == "" && len(v.host) > 0 {
		v.kind, v.role = v.host[0], "host"
	}
	h.setText("virtualization_type", orNA(v.kind))
	h.setText("virtualization_role", orNA(v.role))
	h.set("virtualization_tech_guest", values.Strings(sorted(v.guest)...))
	h.set("virtualization_tech_host", values.Strings(sorted(v.host)...))
}

// containers goes by the traces that containers leave.
func (h *host) containers(v *virtualization) {
	inside := func(kind string) {
		v.asGuest(kind)
		v.asGuest("container")
	}
	groups := h.read("/proc/1/cgroup") + h.read("/proc/self/cgroup")
	switch {
	case h.exists("/.dockerenv"), h.exists("/.dockerinit"), strings.Contains(groups, "/docker/"), strings.Contains(groups, "/docker-"):
		inside("docker")
	case strings.Contains(groups, "/lxc/"), strings.Contains(groups, "/machine.slice/machine-lxc"):
		inside("lxc")
	case strings.Contains(groups, "/system.slice/containerd.service"):
		inside("containerd")
	}
	for pair := range strings.SplitSeq(h.line("/proc/1/environ"), "\x00") {
		name, kind, ok := strings.Cut(pair, "=")
		switch {
		case !ok || name != "container":
		case kind == "lxc", kind == "podman":
			inside(kind)
		case kind != "":
			v.asGuest("container")
		}
	}
	switch {
	case h.exists("/proc/vz") && !h.exists("/proc/lve"):
		kind := "openvz"
		if h.exists("/proc/bc") {
			v.host = append(v.host, kind)
			break
		}
		v.asGuest(kind)
	default:
		v.asGuest(h.line("/run/systemd/container"))
	}
}

// products are words of a machine's firmware, and what then runs it; the first that fits
// is taken.
var products = []struct{ file, text, kind string }{
	{"product_name", "OpenStack", "openstack"}, {"product_name", "KVM", "kvm"}, {"product_name", "Bochs", "kvm"}, {"product_name", "AHV", "kvm"},
	{"product_name", "RHEV Hypervisor", "RHEV"}, {"product_name", "VMware", "VMware"},
	{"product_family", "oVirt", "oVirt"}, {"product_family", "RHV", "RHV"},
	{"bios_vendor", "Xen", "xen"}, {"bios_vendor", "innotek GmbH", "virtualbox"}, {"bios_vendor", "Amazon EC2", "kvm"},
	{"sys_vendor", "QEMU", "kvm"}, {"sys_vendor", "oVirt", "kvm"}, {"sys_vendor", "Amazon EC2", "kvm"}, {"sys_vendor", "Google", "kvm"},
	{"sys_vendor", "DigitalOcean", "kvm"}, {"sys_vendor", "Scaleway", "kvm"}, {"sys_vendor", "Nutanix", "kvm"},
	{"sys_vendor", "OpenStack Foundation", "openstack"}, {"sys_vendor", "Parallels", "parallels"}, {"sys_vendor", "VMware", "VMware"},
}

// machines goes by what the firmware of virtual machines says.
func (h *host) machines(v *virtualization) {
	if h.exists("/proc/xen") {
		if strings.Contains(h.read("/proc/xen/capabilities"), "control_d") {
			v.kind, v.role = "xen", "host"
			v.host = append(v.host, "xen")
		} else {
			v.asGuest("xen")
		}
	}
	read := func(file string) string { return h.line("/sys/devices/virtual/dmi/id/" + file) }
	for _, p := range products {
		if strings.Contains(read(p.file), p.text) {
			v.asGuest(p.kind)
			break
		}
	}
	if read("sys_vendor") == "Microsoft Corporation" && read("product_name") == "Virtual Machine" {
		v.asGuest("VirtualPC")
	}
	cpu := h.read("/proc/cpuinfo")
	switch {
	case strings.Contains(cpu, "QEMU Virtual CPU"):
		v.asGuest("kvm")
	case strings.Contains(cpu, "User Mode Linux"):
		v.asGuest("uml")
	case strings.Contains(cpu, "PowerVM Lx86"):
		v.asGuest("powervm_lx86")
	case strings.Contains(cpu, "IBM/S390"):
		v.asGuest("PR/SM")
	}
}

// hosting goes by what machines that run others have.
func (h *host) hosting(v *virtualization) {
	if h.exists("/dev/kvm") {
		v.host = append(v.host, "kvm")
	}
	for _, line := range h.lines("/proc/modules") {
		name, _, _ := strings.Cut(line, " ")
		kind := map[string]string{"kvm": "kvm", "vboxdrv": "virtualbox"}[name]
		if kind != "" && !contains(v.host, kind) {
			v.host = append(v.host, kind)
		}
	}
}
