package machine

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/modules"
)

// Volume tells about the file system that is mounted at path.
func (m *Machine) Volume(name string) (modules.Volume, error) {
	real, err := m.follow(name)
	if err != nil {
		return modules.Volume{}, err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(real, &st); err != nil {
		return modules.Volume{}, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	unit := uint64(st.Frsize)
	return modules.Volume{
		BlockSize: int64(st.Bsize), Blocks: st.Blocks, BlocksFree: st.Bfree, BlocksAvailable: st.Bavail,
		Inodes: st.Files, InodesFree: st.Ffree, SizeTotal: st.Blocks * unit, SizeAvailable: st.Bavail * unit,
	}, nil
}

// Addresses asks the kernel for the addresses of the network interfaces.
func (m *Machine) Addresses() ([]modules.Address, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	names := map[uint32]string{}
	for _, i := range interfaces {
		names[uint32(i.Index)] = i.Name
	}
	answer, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return nil, err
	}
	var list []modules.Address
	for _, message := range messages {
		if message.Header.Type != syscall.RTM_NEWADDR || len(message.Data) < syscall.SizeofIfAddrmsg {
			continue
		}
		attrs, err := syscall.ParseNetlinkRouteAttr(&message)
		if err != nil {
			return nil, err
		}
		name := names[binary.NativeEndian.Uint32(message.Data[4:])]
		list = append(list, address(name, message.Data, attrs))
	}
	return list, nil
}

var scopes = map[byte]string{unix.RT_SCOPE_UNIVERSE: "global", unix.RT_SCOPE_SITE: "site", unix.RT_SCOPE_LINK: "link", unix.RT_SCOPE_HOST: "host"}

// address reads one answer: its head is family, prefix, flags, scope and the number of
// the interface.
func address(name string, head []byte, attrs []syscall.NetlinkRouteAttr) modules.Address {
	a := modules.Address{
		Interface: name, Label: name, Prefix: int(head[1]), Scope: scopes[head[3]],
		Secondary: head[0] == unix.AF_INET && head[2]&unix.IFA_F_SECONDARY != 0,
	}
	var local []byte
	for _, attr := range attrs {
		switch attr.Attr.Type {
		case unix.IFA_ADDRESS:
			a.IP = attr.Value
		case unix.IFA_LOCAL: // of a point-to-point link, its own end
			local = attr.Value
		case unix.IFA_BROADCAST:
			a.Broadcast = attr.Value
		case unix.IFA_LABEL:
			a.Label = string(bytes.TrimRight(attr.Value, "\x00"))
		}
	}
	if local != nil {
		a.IP = local
	}
	return a
}
