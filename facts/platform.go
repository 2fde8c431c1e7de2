package facts

import (
	"runtime"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// machines are the kernel's names of what Go calls otherwise.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// platform tells the kernel and the host's names.
func platform(h *host) {
	h.setText("system", "Linux")
	h.setText("kernel", h.line("/proc/sys/kernel/osrelease"))
	h.setText("kernel_version", h.line("/proc/sys/kernel/version"))
	h.architecture()
	h.hostNames()
	pythonVersion(h)
	id := h.line("/var/lib/dbus/machine-id")
	if id == "" {
		id = h.line("/etc/machine-id")
	}
	if id != "" {
		h.setText("machine_id", id)
	}
}

func (h *host) architecture() {
	machine := machines[runtime.GOARCH]
	if machine == "" {
		machine = runtime.GOARCH
	}
	h.setText("machine", machine)
	h.setText("architecture", machine)
	h.setText("userspace_bits", h.bits())
	if machine != "x86_64" {
		return
	}
	userspace := "x86_64"
	if h.bits() == "32" {
		userspace = "i386"
	}
	h.setText("userspace_architecture", userspace)
}

// bits tells for which word size the host's programs are made: the fifth byte of one.
func (h *host) bits() string {
	f, err := h.sys.Open("/bin/sh")
	if err != nil {
		return "64"
	}
	defer f.Close()
	head := make([]byte, 5)
	if n, err := f.Read(head); err == nil && n == 5 && string(head[:4]) == "\x7fELF" && head[4] == 1 {
		return "32"
	}
	return "64"
}

func (h *host) hostNames() {
	node := h.line("/proc/sys/kernel/hostname")
	short, _, _ := strings.Cut(node, ".")
	fqdn := h.fullName(node)
	_, domain, _ := strings.Cut(fqdn, ".")
	h.setText("nodename", node)
	h.setText("hostname", short)
	h.setText("fqdn", fqdn)
	h.setText("domain", domain)
}

// fullName is the first name with a dot among those that the host's address has; without
// one, the first of them.
func (h *host) fullName(node string) string {
	names := h.namesOf(node)
	for _, name := range names {
		if strings.Contains(name, ".") {
			return name
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return node
}

// namesOf looks up a name's address, and all names of that.
func (h *host) namesOf(node string) []string {
	var table [][]string
	for _, line := range h.lines("/etc/hosts") {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 {
			table = append(table, fields)
		}
	}
	for _, fields := range table {
		if contains(fields[1:], node) {
			return namesAt(table, fields[0])
		}
	}
	if strings.Contains(node, ".") {
		return []string{node}
	}
	fields := strings.Fields(h.ask("getent", "hosts", node))
	return fields[min(1, len(fields)):]
}

func namesAt(table [][]string, address string) []string {
	for _, fields := range table {
		if fields[0] == address {
			return fields[1:]
		}
	}
	return nil
}

func contains(list []string, item string) bool {
	for _, s := range list {
		if s == item {
			return true
		}
	}
	return false
}

// user tells who the module runs as.
func user(h *host) {
	u := h.sys.Self()
	gid := u.GID
	if account, err := h.sys.User(u.Name); err == nil {
		gid = account.GID
	}
	h.setText("user_id", u.Name)
	h.set("user_uid", values.Int(int64(u.UID)))
	h.set("user_gid", values.Int(int64(gid)))
	h.setText("user_gecos", u.Gecos)
	h.setText("user_dir", u.Home)
	h.setText("user_shell", u.Shell)
	status := h.table("/proc/self/status", ":")
	uids, gids := strings.Fields(status["Uid"]), strings.Fields(status["Gid"])
	if len(uids) < 2 || len(gids) < 2 {
		return
	}
	h.set("real_user_id", number(uids[0]))
	h.set("effective_user_id", number(uids[1]))
	h.set("real_group_id", number(gids[0]))
	h.set("effective_group_id", number(gids[1]))
}

// env tells the environment in which programs run.
func env(h *host) {
	list := strings.Split(strings.TrimRight(h.read("/proc/self/environ"), "\x00"), "\x00")
	if h.inspect != nil {
		list = h.inspect.Environ()
	}
	all := values.NewMap(len(list))
	for _, pair := range list {
		if name, value, ok := strings.Cut(pair, "="); ok {
			all.Set(name, values.String(value))
		}
	}
	h.set("env", values.FromMap(all))
}

// chroot tells whether / is that of the first process.
func chroot(h *host) {
	here, err := h.sys.Stat("/")
	init, initErr := h.sys.Stat("/proc/1/root/.")
	is := err == nil && initErr == nil && (here.Inode != init.Inode || here.Dev != init.Dev)
	if err == nil && initErr != nil { // only root may see that of the first process
		is = !isRoot(here)
	}
	h.set("is_chroot", values.Bool(is))
}

// isRoot tells whether the inode's number is that of the root of a file system.
func isRoot(st modules.Stat) bool {
	return st.Inode == 2 || st.Inode == 128 || st.Inode == 256
}
